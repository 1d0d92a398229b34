import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

/** The results of a subscription, until either side ends it. */
export type ResultFeed = AsyncIterableIterator<ExecutionResult, undefined> & {
  return(): Promise<IteratorResult<ExecutionResult, undefined>>;
};

/** What a running subscription needs of its surroundings. */
export interface SubscriptionHooks {
  readonly freshContext: () => object | Promise<object>;
  /** Called once, when the subscription is over, however it ended; also when it never began. */
  readonly onEnd: () => void;
}

/**
 * graphql-js's `subscribe` with a fresh context for each event: its own runs every event of a subscription's life in
 * one context, so loaders would answer with the rows of hours ago. Ending the result ends the source, also early.
 */
export async function subscribeFresh(
  args: ExecutionArgs,
  hooks: SubscriptionHooks,
): Promise<ResultFeed | ExecutionResult> {
  try {
    const source = await createSourceEventStream(args);
    if (isAsyncIterable(source)) {
      const run = async (event: unknown): Promise<ExecutionResult> =>
        execute({ ...args, rootValue: event, contextValue: await hooks.freshContext() });
      return mapFeed(source[Symbol.asyncIterator](), run, hooks.onEnd);
    }
    hooks.onEnd();
    return source;
  } catch (error) {
    hooks.onEnd();
    throw error;
  }
}

/** Tells a feed from the single result of an operation that failed or was no subscription. */
export function isAsyncIterable<T>(value: AsyncIterable<T> | ExecutionResult): value is AsyncIterable<T> {
  return Symbol.asyncIterator in value;
}

function mapFeed(
  source: AsyncIterator<unknown>,
  map: (event: unknown) => Promise<ExecutionResult>,
  onEnd: () => void,
): ResultFeed {
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    onEnd();
  };
  const close = async (): Promise<{ readonly done: true; readonly value: undefined }> => {
    end();
    await source.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      try {
        const event = await source.next();
        if (!event.done) return { done: false, value: await map(event.value) };
      } catch (error) {
        await close();
        throw error;
      }
      end();
      return { done: true, value: undefined };
    },
    return: close,
    async throw(error) {
      await close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
