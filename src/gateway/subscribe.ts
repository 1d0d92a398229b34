import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

/**
 * graphql-js's `subscribe` with a fresh context for each event: its own runs every event of a subscription's life in
 * one context, so loaders would answer with the rows of hours ago. Ending the result ends the source, also early.
 */
export async function subscribeFresh(
  args: ExecutionArgs,
  freshContext: () => object | Promise<object>,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!isAsyncIterable(source)) return source;
  return mapFeed(source, async (event) => execute({ ...args, rootValue: event, contextValue: await freshContext() }));
}

function isAsyncIterable(value: AsyncIterable<unknown> | ExecutionResult): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

function mapFeed<In, Out>(feed: AsyncIterable<In>, map: (value: In) => Promise<Out>): AsyncIterableIterator<Out> {
  const source = feed[Symbol.asyncIterator]();
  const end = async (): Promise<IteratorResult<Out>> => {
    await source.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      const result = await source.next();
      if (result.done) return { done: true, value: undefined };
      try {
        return { done: false, value: await map(result.value) };
      } catch (error) {
        await end();
        throw error;
      }
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
