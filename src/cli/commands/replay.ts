import { CliError } from '../cli-error';
import { type ArgusClient } from '../client';
import { replayFile, type ReplayResult } from '../replay/replay-file';
import { streamNameOf } from '../replay/stream-name';
import { printable, table } from '../text';

/** Options of `argus replay`. */
export interface ReplayOptions {
  readonly stream?: string;
  readonly batch: number;
  readonly json?: boolean;
}

/** Replays the files one after another; the exit code is 1 when the counts of one do not add up. */
export async function replay(client: ArgusClient, files: readonly string[], options: ReplayOptions): Promise<number> {
  const results: ReplayResult[] = [];
  try {
    for (const file of files) {
      const result = await replayFile(client, {
        file,
        stream: options.stream ?? streamNameOf(file),
        batch: options.batch,
      });
      results.push(result);
      if (options.json) console.log(JSON.stringify(summaryOf(result)));
    }
  } finally {
    if (!options.json && results.length > 0) report(results);
  }
  const wrong = results.filter(({ tally }) => tally.discrepancy !== null);
  for (const { file, tally } of wrong) console.error(`argus: ${printable(file)}: ${tally.discrepancy ?? ''}`);
  return wrong.length > 0 ? 1 : 0;
}

function summaryOf({ file, stream, tally, seconds }: ReplayResult): object {
  const { lines, accepted, duplicates, rejected, resent, firstRejected } = tally;
  return { file, stream, lines, accepted, duplicates, rejected, resent, seconds, firstRejected };
}

function report(results: readonly ReplayResult[]): void {
  const headings = ['file', 'stream', 'lines', 'accepted', 'duplicates', 'rejected', 'events/s'];
  const rows = results.map(({ file, stream, tally, seconds }) => [
    file,
    stream,
    tally.lines,
    tally.accepted,
    tally.duplicates,
    tally.rejected,
    tally.lines / Math.max(seconds, 0.001),
  ]);
  console.log(table(headings, rows));
  for (const result of results) reportRejected(result);
}

function reportRejected({ file, tally }: ReplayResult): void {
  if (tally.rejected === 0) return;
  console.log(`\n${printable(file)}: ${tally.rejected} rejected`);
  for (const { line, code, message } of tally.firstRejected)
    console.log(`  line ${line}: ${code}: ${printable(message)}`);
  const more = tally.rejected - tally.firstRejected.length;
  if (more > 0) console.log(`  … and ${more} more`);
  if (tally.rejected === tally.lines) {
    console.log(
      '  No line was taken: Argus reads JSON Lines, one whole JSON object on each line. Is this one document?',
    );
  }
}

/**
 * Lines in one request, as given on the command line.
 * @throws CliError when it is not a number from 1 to 5,000.
 */
export function parseBatch(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 5_000) return value;
  throw new CliError('INVALID_INPUT', `--batch is a whole number from 1 to 5000; this is “${text}”.`);
}
