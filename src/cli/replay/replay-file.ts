import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error';
import { type ArgusClient, type IngestAnswer } from '../client';
import { createProgress } from '../progress';
import { grouped } from '../text';
import { type Body, splitBodies } from './body-splitter';
import { openSource } from './source';
import { Tally } from './tally';

/** What is replayed, and where to. */
export interface ReplayJob {
  readonly file: string;
  readonly stream: string;
  /** Lines in one request. */
  readonly batch: number;
}

/** What came of it. */
export interface ReplayResult extends ReplayJob {
  readonly tally: Tally;
  readonly seconds: number;
}

/** Bytes in one request. */
const BODY_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 10;
const RETRY_MS = { first: 200, most: 5_000 } as const;

/**
 * Sends a file to its stream, body after body. Each body carries a key made of the file's hash and its first line, so
 * that sending it again, now or in another run of the same batch size, stores nothing twice. With another batch size
 * records without an id may be stored twice, but never taken for others and lost.
 * @throws CliError when the file cannot be read, or Argus refuses a body or stays away.
 */
export async function replayFile(client: ArgusClient, job: ReplayJob): Promise<ReplayResult> {
  const source = await openSource(job.file);
  const tally = new Tally();
  const started = performance.now();
  const progress = createProgress(job.stream, source.size);
  let read = 0;
  try {
    const content = source.read((bytes) => (read = bytes));
    for await (const body of splitBodies(content, { bytes: BODY_BYTES, lines: job.batch })) {
      const key = `${source.sha256}-${body.firstLine}`;
      const answer = body.records > 0 ? await sendSafely(client, { ...job, body, key }, tally) : null;
      tally.add(body, answer);
      progress.update(read, `${grouped(tally.lines)} lines`);
    }
    progress.update(source.size, `${grouped(tally.lines)} lines`);
  } finally {
    progress.stop();
  }
  return { ...job, tally, seconds: (performance.now() - started) / 1_000 };
}

interface Sending {
  readonly file: string;
  readonly stream: string;
  readonly body: Body;
  readonly key: string;
}

/** Sends a body until Argus has answered it, waiting longer each time: what came through before counts as duplicate. */
async function sendSafely(
  client: ArgusClient,
  { file, stream, body, key }: Sending,
  tally: Tally,
): Promise<IngestAnswer> {
  let waitMs: number = RETRY_MS.first;
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.ingest(stream, body.bytes, key);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (!error.retryable || attempt >= ATTEMPTS) {
        const place = `${file}, lines from ${body.firstLine}`;
        throw new CliError(error.code, `${place}: ${error.message}`);
      }
      tally.resent++;
      await delay(waitMs);
      waitMs = Math.min(waitMs * 2, RETRY_MS.most);
    }
  }
}
