import { type DataSource } from 'typeorm';
import { openDatabase } from '../../../src/store/database';
import { PostgresEventStore } from '../../../src/store/event-store';
import { normalise } from '../../../src/agent/ingest/normalise';
import { type SecurityEvent } from '../../../src/domain/event';
import { createTestDatabase, type TestDatabase } from '../../support/postgres';

const DAY = 86_400_000;
let database: TestDatabase;
let db: DataSource;
let now = Date.now();
let store: PostgresEventStore;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url });
  store = new PostgresEventStore(db, () => now);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

function event(stream: string, id: string): SecurityEvent {
  const raw = JSON.stringify({ id, message: `event ${id}` });
  return normalise(JSON.parse(raw), { stream, raw, receivedAt: now });
}

const fate = (answers: Awaited<ReturnType<PostgresEventStore['append']>>): string =>
  answers.map((answer) => ('stored' in answer ? answer.stored.offset : 'd')).join(' ');

it('knows duplicates within a batch, across batches, across days and across processes', async () => {
  expect(fate(await store.append(['a', 'b', 'a', 'c'].map((id) => event('dedup', id))))).toBe('1 2 d 3');
  expect(fate(await store.append(['c', 'd', 'a'].map((id) => event('dedup', id))))).toBe('d 4 d');
  now += DAY;
  expect(fate(await store.append(['b', 'e'].map((id) => event('dedup', id))))).toBe('d 5');
  now -= DAY;
  expect(fate(await new PostgresEventStore(db, () => now).append(['e', 'f'].map((id) => event('dedup', id))))).toBe(
    'd 6',
  );
  expect(fate(await store.append([event('other', 'a')]))).toBe('1');
  expect(await store.append([])).toEqual([]);
});

it('stores an event received on a day that has no partition', async () => {
  now += 400 * DAY;
  expect(fate(await store.append([event('late', 'a')]))).toBe('1');
  now -= 400 * DAY;
  expect(await store.readAfter('late', 0, 10)).toHaveLength(1);
});

it('gives offsets 1, 2, 3 … without gap or repeat under 8 concurrent writers that send the same and other events', async () => {
  const streams = ['w1', 'w2', 'w3'];
  const writers = Array.from({ length: 8 }, async (_, w) => {
    const own = new PostgresEventStore(db, () => now);
    for (let batch = 0; batch < 12; batch++) {
      await own.append(
        Array.from({ length: 60 }, (_e, i) => {
          const shared = i % 3 === 0;
          return event(streams[(i + w) % 3]!, shared ? `shared-${batch}-${i}` : `own-${w}-${batch}-${i}`);
        }),
      );
    }
  });
  await Promise.all(writers);
  for (const stream of streams) {
    const rows = await store.readAfter(stream, 0, 10_000);
    expect(rows.map(({ offset }) => offset)).toEqual(rows.map((_, i) => i + 1));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const [head] = await database.query('SELECT head::int FROM streams WHERE name = $1', [stream]);
    expect(head).toEqual({ head: rows.length });
  }
}, 60_000);
