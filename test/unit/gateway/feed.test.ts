import { ArgusError } from '../../../src/domain/errors';
import { boundedQueue, type SlowConsumerError } from '../../../src/domain/bounded-queue';

const value = <T>(value: T): IteratorResult<T> => ({ done: false, value });
const done = { done: true, value: undefined };

function open(limit = 3): { feed: ReturnType<typeof boundedQueue<number>>; disposals: () => number } {
  let disposals = 0;
  const feed = boundedQueue<number>({ limit, cursorOf: (n) => `c${n}`, dispose: () => disposals++ });
  return { feed, disposals: () => disposals };
}

describe('a bounded queue', () => {
  it('delivers in order, whether the consumer waits or the values do', async () => {
    const { feed } = open();
    const [first, second] = [feed.next(), feed.next()];
    expect([feed.push(1), feed.push(2), feed.push(3)]).toEqual([true, true, true]);
    expect([await first, await second, await feed.next()]).toEqual([value(1), value(2), value(3)]);
    expect(feed.size).toBe(0);
  });

  it('delivers what is queued before the end', async () => {
    const { feed, disposals } = open();
    feed.push(1);
    feed.end();
    expect(feed.push(2)).toBe(false);
    expect(disposals()).toBe(1);
    expect([await feed.next(), await feed.next(), await feed.next()]).toEqual([value(1), done, done]);
  });

  it('delivers what is queued before a failure, and tells the failure once', async () => {
    const { feed, disposals } = open();
    feed.push(1);
    feed.fail(new Error('lost'));
    feed.fail(new Error('again'));
    feed.end();
    expect(await feed.next()).toEqual(value(1));
    await expect(feed.next()).rejects.toThrow('lost');
    expect(await feed.next()).toEqual(done);
    expect(disposals()).toBe(1);
  });

  it('answers everyone who waits when it ends or fails', async () => {
    const ended = open().feed;
    const waiting = [ended.next(), ended.next()];
    ended.end();
    expect(await Promise.all(waiting)).toEqual([done, done]);
    const failed = open().feed;
    const [first, second] = [failed.next(), failed.next()];
    failed.fail(new Error('lost'));
    await expect(first).rejects.toThrow('lost');
    expect(await second).toEqual(done);
  });

  it('ends with SLOW_CONSUMER on overflow: at once for the source, after the queue for the consumer', async () => {
    const { feed, disposals } = open(2);
    expect([1, 2, 3, 4].map((n) => feed.push(n))).toEqual([true, true, false, false]);
    expect(disposals()).toBe(1);
    feed.end();
    expect([await feed.next(), await feed.next()]).toEqual([value(1), value(2)]);
    const error: unknown = await feed.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ArgusError);
    expect(error).toMatchObject({ code: 'SLOW_CONSUMER', cursor: 'c2', retryable: true });
    expect(await feed.next()).toEqual(done);
    expect(disposals()).toBe(1);
  });

  it('has no cursor to tell when none was ever delivered', async () => {
    const feed = boundedQueue<number>({ limit: 0 });
    feed.push(1);
    const error: unknown = await feed.next().catch((thrown: unknown) => thrown);
    expect((error as SlowConsumerError).cursor).toBeUndefined();
  });

  it('never holds more than its limit', () => {
    const { feed } = open(100);
    for (let n = 0; n < 10_000; n++) feed.push(n);
    expect(feed.size).toBe(100);
  });

  it.each([
    ['before the first next', async (feed: AsyncIterator<number>) => Promise.resolve(feed)],
    ['after values', async (feed: AsyncIterator<number>) => feed.next()],
  ])('runs its disposer once on return %s', async (_name, prepare) => {
    const { feed, disposals } = open();
    feed.push(1);
    feed.push(2);
    await prepare(feed);
    expect(await Promise.all([feed.return(), feed.return()])).toEqual([done, done]);
    await feed.return();
    expect(disposals()).toBe(1);
    expect(feed.push(3)).toBe(false);
    expect(await feed.next()).toEqual(done);
    expect(feed.size).toBe(0);
  });

  it('answers a waiting next on a concurrent return', async () => {
    const { feed, disposals } = open();
    const waiting = feed.next();
    expect(await feed.return()).toEqual(done);
    expect(await waiting).toEqual(done);
    expect(disposals()).toBe(1);
  });

  it('forgets a pending overflow on return', async () => {
    const { feed, disposals } = open(1);
    [1, 2].forEach((n) => feed.push(n));
    await feed.return();
    expect(await feed.next()).toEqual(done);
    expect(disposals()).toBe(1);
  });

  it('is disposed when a loop over it is left, and by `throw`', async () => {
    const left = open();
    left.feed.push(1);
    for await (const n of left.feed) {
      expect(n).toBe(1);
      break;
    }
    expect(left.disposals()).toBe(1);
    const thrown = open();
    await expect(thrown.feed.throw(new Error('stop'))).rejects.toThrow('stop');
    expect(thrown.disposals()).toBe(1);
  });

  it('never throws into the source, also when the disposer does', async () => {
    const feed = boundedQueue<number>({
      limit: 1,
      dispose: () => {
        throw new Error('unlisten failed');
      },
    });
    expect([feed.push(1), feed.push(2)]).toEqual([true, false]);
    expect(await feed.next()).toEqual(value(1));
    await expect(feed.next()).rejects.toMatchObject({ code: 'SLOW_CONSUMER' });
  });
});
