import { type BoundedQueue, boundedQueue } from '../domain/bounded-queue';
import { type EventLog, type LogEntry } from './event-log';
import { type LogTail } from './log-tail';

const PAGE = 500;
/** Changes that may wait for one slow subscriber before its feed ends with SLOW_CONSUMER. */
const QUEUE_LIMIT = 1_000;

export interface LogFeedOptions<T> {
  readonly tail: LogTail;
  readonly eventLog: EventLog;
  /** Resume just behind this entry; null = from now on. */
  readonly after: number | null;
  /** What the subscriber gets of an entry; null = nothing. */
  readonly select: (entry: LogEntry) => T | null;
  readonly cursorOf: (value: T) => string;
}

/**
 * A subscriber's feed: what it missed, page by page at its own pace, then live from the shared tail, in commit order
 * without gap or repeat. It joins the tail in the same tick in which it has caught up, so nothing passes in between.
 */
export class LogFeed<T> implements AsyncIterableIterator<T, undefined> {
  readonly #options: LogFeedOptions<T>;
  #last: number;
  #page: T[] = [];
  #live: BoundedQueue<T> | null = null;
  #over = false;

  constructor(options: LogFeedOptions<T>) {
    this.#options = options;
    this.#last = options.after ?? options.tail.position;
    this.#joinIfCaughtUp();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (!this.#over) {
      const value = this.#page.shift();
      if (value !== undefined) return { done: false, value };
      if (this.#live) return this.#live.next();
      await this.#readPage();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#over = true;
    this.#page = [];
    await this.#live?.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #readPage(): Promise<void> {
    const { eventLog, select } = this.#options;
    const entries = await eventLog.readAfter(this.#last, PAGE);
    for (const entry of entries) {
      const value = select(entry);
      if (value !== null) this.#page.push(value);
    }
    this.#last = entries.at(-1)?.id ?? Math.max(this.#last, this.#options.tail.position);
    if (!this.#over) this.#joinIfCaughtUp();
  }

  #joinIfCaughtUp(): void {
    const { tail, select, cursorOf } = this.#options;
    if (this.#last < tail.position) return;
    const last = this.#last;
    const queue = boundedQueue<T>({ limit: QUEUE_LIMIT, cursorOf, dispose: () => stop() });
    const stop = tail.listen((entry) => {
      if (entry.id <= last) return;
      try {
        const value = select(entry);
        if (value !== null) queue.push(value);
      } catch (error) {
        // A feed that breaks is its subscriber's trouble: thrown from here it would cost all others this entry.
        queue.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    this.#live = queue;
  }
}
