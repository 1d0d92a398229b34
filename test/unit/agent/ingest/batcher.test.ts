import { Batcher } from '../../../../src/agent/ingest/batcher';
import { type Appended, type EventStore } from '../../../../src/agent/ports';
import { type SecurityEvent, type StoredEvent } from '../../../../src/domain/event';
import { anEvent } from '../../../support/events';

/** A store in memory that writes only when it is told to. */
function aStore(fails: (ids: readonly string[]) => boolean = () => false) {
  const batches: string[][] = [];
  const known = new Set<string>();
  const waiting: (() => void)[] = [];
  let offset = 0;
  const append = async (events: readonly SecurityEvent[]): Promise<readonly Appended[]> => {
    batches.push(events.map(({ id }) => id));
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (fails(events.map(({ id }) => id))) throw new Error('the store is away');
    return events.map((event) => {
      if (known.has(event.id)) return { duplicate: true };
      known.add(event.id);
      return { stored: { ...event, eventId: ++offset, offset, receivedAt: 0 } };
    });
  };
  const release = async (): Promise<void> => {
    while (waiting.length > 0) {
      waiting.shift()!();
      for (let i = 0; i < 10; i++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { store: { append } as unknown as EventStore, batches, release };
}

const events = (...ids: string[]): StoredEvent[] => ids.map((id) => anEvent({ id }));

it('gathers what comes while a batch is written into the next one, and answers each caller about its own events in order', async () => {
  const { store, batches, release } = aStore();
  const told: string[] = [];
  const batcher = new Batcher(store, (stored) => void told.push(...stored.map(({ id }) => id)));
  const first = batcher.submit(events('a'));
  await new Promise((resolve) => setImmediate(resolve));
  const rest = [batcher.submit(events('b', 'a')), batcher.submit(events('c'))];
  await release();
  expect(batches).toEqual([['a'], ['b', 'a', 'c']]);
  expect(await first).toMatchObject([{ stored: { id: 'a' } }]);
  expect(await Promise.all(rest)).toMatchObject([
    [{ stored: { id: 'b' } }, { duplicate: true }],
    [{ stored: { id: 'c' } }],
  ]);
  expect(told).toEqual(['a', 'b', 'c']);
  await batcher.idle();
});

it('never lets the events of one caller fail those of another', async () => {
  const { store, release } = aStore((ids) => ids.includes('bad'));
  const batcher = new Batcher(store, () => undefined);
  const answers = Promise.allSettled([
    batcher.submit(events('good')),
    batcher.submit(events('bad')),
    batcher.submit(events('fine')),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  await release();
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const after = batcher.submit(events('later'));
  await new Promise((resolve) => setImmediate(resolve));
  await release();
  expect(await after).toHaveLength(1);
});

it('writes at most 2,000 events at once unless one caller brings more', async () => {
  const { store, batches, release } = aStore();
  const batcher = new Batcher(store, () => undefined);
  const many = (n: number, name: string): StoredEvent[] =>
    events(...Array.from({ length: n }, (_, i) => `${name}${i}`));
  const all = Promise.all([
    batcher.submit(many(1_500, 'a')),
    batcher.submit(many(600, 'b')),
    batcher.submit(many(2_500, 'c')),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  await release();
  await all;
  expect(batches.map(({ length }) => length)).toEqual([1_500, 600, 2_500]);
});
