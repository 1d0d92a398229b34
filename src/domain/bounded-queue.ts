import { ArgusError } from './errors';

/** SLOW_CONSUMER with the place to resume from: the cursor of the last value the client was given. */
export class SlowConsumerError extends ArgusError {
  constructor(
    limit: number,
    readonly cursor: string | undefined,
  ) {
    super(
      'SLOW_CONSUMER',
      `The client fell more than ${limit} messages behind. Subscribe again${cursor === undefined ? '' : ' with `after` set to extensions.cursor'}.`,
    );
  }
}

/** How a bounded queue behaves; see `boundedQueue`. */
export interface BoundedQueueOptions<T> {
  /** How many values may wait for the consumer. */
  readonly limit: number;
  /** The cursor of a value, so that SLOW_CONSUMER can say where to resume. */
  readonly cursorOf?: (value: T) => string;
  /** Detaches the queue from its source. Called exactly once, however the feed ends. */
  readonly dispose?: () => void;
}

/** A feed with one producer (`push`, `end`, `fail`) and one consumer (the async iterator). */
export interface BoundedQueue<T> extends AsyncIterableIterator<T, undefined> {
  /** Queues a value, or hands it to a waiting consumer. Never throws, never blocks; false = the feed is over. */
  push(value: T): boolean;
  /** The source has no more: the consumer gets what is queued, then the end. */
  end(): void;
  /** The source broke: the consumer gets what is queued, then the error. */
  fail(error: Error): void;
  /** How many values wait. */
  readonly size: number;
  return(): Promise<IteratorResult<T, undefined>>;
  throw(error: unknown): Promise<IteratorResult<T, undefined>>;
}

/**
 * The queue between one event source and one subscriber. When the subscriber falls `limit` values behind, the feed
 * ends: queued values are delivered, then `SlowConsumerError`; nothing is dropped in silence and memory stays bounded.
 */
export function boundedQueue<T>(options: BoundedQueueOptions<T>): BoundedQueue<T> {
  return new Feed(options);
}

type Ending = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly error: Error };

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

class Feed<T> implements BoundedQueue<T> {
  readonly #options: BoundedQueueOptions<T>;
  readonly #queued: T[] = [];
  readonly #waiting: Waiter<T>[] = [];
  #ending: Ending | undefined;
  #overflowed = false;
  #disposed = false;
  #cursor: string | undefined;

  constructor(options: BoundedQueueOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#queued.length;
  }

  push(value: T): boolean {
    if (this.#ending || this.#overflowed) return false;
    const waiter = this.#waiting.shift();
    if (waiter) {
      waiter.resolve(this.#deliver(value));
    } else if (this.#queued.length < this.#options.limit) {
      this.#queued.push(value);
    } else {
      this.#overflowed = true;
      this.#dispose();
      return false;
    }
    return true;
  }

  end(): void {
    this.#finish({ kind: 'done' });
  }

  fail(error: Error): void {
    this.#finish({ kind: 'failed', error });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#queued.length > 0) return this.#deliver(this.#queued.shift() as T);
    if (this.#overflowed) {
      this.#overflowed = false;
      this.#ending = { kind: 'done' };
      throw new SlowConsumerError(this.#options.limit, this.#cursor);
    }
    if (this.#ending) return this.#conclude(this.#ending);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#queued.length = 0;
    this.#overflowed = false;
    this.#ending = { kind: 'done' };
    this.#release();
    this.#dispose();
    return Promise.resolve({ done: true, value: undefined });
  }

  async throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #deliver(value: T): IteratorResult<T, undefined> {
    this.#cursor = this.#options.cursorOf?.(value) ?? this.#cursor;
    return { done: false, value };
  }

  #finish(ending: Ending): void {
    if (this.#ending || this.#overflowed) return;
    this.#ending = ending;
    this.#release();
    this.#dispose();
  }

  /** Answers everyone who waits for a value that will not come. */
  #release(): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      this.#conclude(this.#ending ?? { kind: 'done' }).then(resolve, reject);
    }
  }

  /** An error is told once; after it the feed is simply over, as with any iterator. */
  #conclude(ending: Ending): Promise<IteratorResult<T, undefined>> {
    this.#ending = { kind: 'done' };
    return ending.kind === 'failed' ? Promise.reject(ending.error) : Promise.resolve({ done: true, value: undefined });
  }

  #dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      this.#options.dispose?.();
    } catch (error) {
      // `push` must not throw into the source: the consumer learns of it instead.
      if (!this.#overflowed && this.#queued.length === 0 && this.#ending?.kind === 'done') {
        this.#ending = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
  }
}
