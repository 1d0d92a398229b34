import { SingleBar } from 'cli-progress';

/** How far a piece of work has come, told on stderr so that stdout holds results alone. */
export interface Progress {
  /** Moves on to `done` of the total. */
  update(done: number, note: string): void;
  stop(): void;
}

const LINE_EVERY_MS = 2_000;

/** A bar on a terminal; elsewhere a line at most every 2 s, and one at the end. */
export function createProgress(title: string, total: number): Progress {
  return process.stderr.isTTY ? createBar(title, total) : createLines(title, total);
}

function createBar(title: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${title} [{bar}] {percentage}% {note}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
  });
  bar.start(total, 0, { note: '' });
  return { update: (done, note) => bar.update(done, { note }), stop: () => bar.stop() };
}

function createLines(title: string, total: number): Progress {
  let saidAt = Date.now();
  return {
    update(done, note) {
      if (done < total && Date.now() - saidAt < LINE_EVERY_MS) return;
      saidAt = Date.now();
      process.stderr.write(`${title} ${Math.floor((100 * done) / Math.max(1, total))}% ${note}\n`);
    },
    stop: () => undefined,
  };
}
