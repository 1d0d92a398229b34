import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error';
import { type ArgusClient } from '../client';
import { type Progress } from '../progress';
import { type Phase } from './story';

/** When each event was sent, by its id, on the clock of `performance.now`. */
export type SentAt = ReadonlyMap<string, number>;

/**
 * Sends the story, each event alone and now, at the pace it is written in.
 * @throws CliError when Argus refuses an event, or the signal ends the play.
 */
export async function play(
  client: ArgusClient,
  story: readonly Phase[],
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<SentAt> {
  const sentAt = new Map<string, number>();
  for (const phase of story) {
    for (const [n, { afterMs, record }] of phase.scenes.entries()) {
      await delay(afterMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw new CliError('INTERRUPTED', 'The demo was interrupted.');
      const id = `${phase.stream}-${n + 1}`;
      sentAt.set(id, performance.now());
      const answer = await client.ingest(
        phase.stream,
        JSON.stringify({ ...record, id, time: new Date().toISOString() }),
      );
      const [refused] = answer.rejected;
      if (refused) throw new CliError(refused.code, `An event of “${phase.title}” was refused: ${refused.message}`);
      progress.update(sentAt.size, phase.title);
    }
  }
  return sentAt;
}
