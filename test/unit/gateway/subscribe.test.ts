import { buildSchema, type ExecutionArgs, parse } from 'graphql';
import { boundedQueue } from '../../../src/domain/bounded-queue';
import { isAsyncIterable, type ResultFeed, subscribeFresh } from '../../../src/gateway/subscribe';

const schema = buildSchema('type Query { n: Int } type Subscription { n: Int }');

interface Opened {
  readonly feed: ResultFeed;
  readonly source: ReturnType<typeof boundedQueue<{ n: number }>>;
  readonly count: { ends: number; contexts: number; disposals: number };
}

async function open(freshContext?: () => object): Promise<Opened> {
  const count = { ends: 0, contexts: 0, disposals: 0 };
  const source = boundedQueue<{ n: number }>({ limit: 5, dispose: () => count.disposals++ });
  const args: ExecutionArgs = { schema, document: parse('subscription { n }'), rootValue: { n: () => source } };
  const feed = await subscribeFresh(args, {
    freshContext: freshContext ?? (() => ({ n: count.contexts++ })),
    onEnd: () => count.ends++,
  });
  if (!isAsyncIterable(feed)) throw new Error('no feed');
  return { feed, source, count };
}

describe('subscribeFresh', () => {
  it('runs each event in a context of its own and ends with its source', async () => {
    const { feed, source, count } = await open();
    source.push({ n: 1 });
    source.push({ n: 2 });
    source.end();
    expect([await feed.next(), await feed.next()]).toMatchObject([
      { value: { data: { n: 1 } } },
      { value: { data: { n: 2 } } },
    ]);
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    expect(count).toEqual({ ends: 1, contexts: 2, disposals: 1 });
  });

  it('ends its source once, however often it is ended itself', async () => {
    const { feed, count } = await open();
    await Promise.all([feed.return(), feed.return()]);
    await expect(feed.throw?.(new Error('stop'))).rejects.toThrow('stop');
    expect(count).toEqual({ ends: 1, contexts: 0, disposals: 1 });
  });

  it('ends its source when a context cannot be made, and passes on the failure of its source', async () => {
    const broken = await open(() => {
      throw new Error('no context');
    });
    broken.source.push({ n: 1 });
    await expect(broken.feed.next()).rejects.toThrow('no context');
    expect(broken.count).toMatchObject({ ends: 1, disposals: 1 });
    const failed = await open();
    failed.source.fail(new Error('lost'));
    await expect(failed.feed.next()).rejects.toThrow('lost');
    expect(failed.count).toMatchObject({ ends: 1, disposals: 1 });
  });

  it('answers a subscription that could not begin with its error', async () => {
    let ends = 0;
    const args: ExecutionArgs = {
      schema,
      document: parse('subscription { n }'),
      rootValue: {
        n: () => {
          throw new Error('refused');
        },
      },
    };
    const result = await subscribeFresh(args, { freshContext: () => ({}), onEnd: () => ends++ });
    expect(isAsyncIterable(result) ? [] : result.errors?.map(({ message }) => message)).toEqual(['refused']);
    expect(ends).toBe(1);
  });
});
