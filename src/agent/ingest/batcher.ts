import { type SecurityEvent, type StoredEvent } from '../../domain/event';
import { type Appended, type EventStore } from '../ports';

const MAX_BATCH = 2_000;

interface Submission {
  readonly events: readonly SecurityEvent[];
  readonly resolve: (answers: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what many callers submit at once into few writes: while one batch is being written the next gathers, so
 * batches grow with load and nobody waits for a timer. Callers hear when their own events are durable.
 */
export class Batcher {
  #queue: Submission[] = [];
  #writing: Promise<void> | null = null;

  constructor(
    private readonly store: EventStore,
    /** Told of each batch that has become durable, in order of offsets. */
    private readonly onStored: (events: readonly StoredEvent[]) => void,
  ) {}

  /** Resolves when the events are durable, in their order. Submit at most 2,000 at once. */
  submit(events: readonly SecurityEvent[]): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ events, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  /** Resolves when all that was submitted is written. */
  async idle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // lets callers of the same tick join the first batch
    while (this.#queue.length > 0) await this.#write(this.#take());
    this.#writing = null;
  }

  #take(): readonly Submission[] {
    let size = 0;
    let count = 0;
    for (const { events } of this.#queue) {
      if (count > 0 && size + events.length > MAX_BATCH) break;
      size += events.length;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #write(batch: readonly Submission[]): Promise<void> {
    try {
      const answers = await this.store.append(batch.flatMap(({ events }) => events));
      this.onStored(answers.flatMap((answer) => ('stored' in answer ? [answer.stored] : [])));
      let from = 0;
      for (const { events, resolve } of batch) resolve(answers.slice(from, (from += events.length)));
    } catch (error) {
      // One caller's events must not fail another's: alone, each meets its own fate.
      if (batch.length > 1) for (const submission of batch) await this.#write([submission]);
      else batch[0]?.reject(error);
    }
  }
}
