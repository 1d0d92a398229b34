import { randomInt } from 'node:crypto';
import { type DataSource } from 'typeorm';
import { type SecurityEvent } from '../../../src/domain/event';
import { openDatabase } from '../../../src/store/database';
import { appendLog, EventLog } from '../../../src/store/event-log';
import { PostgresEventStore } from '../../../src/store/event-store';
import { LogFeed } from '../../../src/store/log-feed';
import { LogTail } from '../../../src/store/log-tail';
import { anEvent } from '../../support/events';
import { createTestDatabase, type TestDatabase } from '../../support/postgres';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const WRITERS = 8;
const EACH = 60;

let database: TestDatabase;
let db: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: WRITERS + 4 });
});

afterAll(async () => {
  await db.destroy();
  await database.drop();
});

/** Transactions that take their time before and after other work, some of which are rolled back. */
async function writer(number: number): Promise<number> {
  let committed = 0;
  for (let n = 0; n < EACH; n++) {
    const fails = randomInt(20) === 0;
    try {
      await db.transaction(async (sql) => {
        await sql.query('SELECT pg_current_xact_id(), pg_sleep($1)', [randomInt(10) / 1_000]);
        await appendLog(sql, [{ topic: 'agent', kind: 'TEST', payload: { writer: number, n } }]);
        if (fails) throw new Error('rolled back on purpose');
      });
      committed++;
    } catch (error) {
      if (!fails) throw error;
    }
  }
  return committed;
}

interface Seen {
  readonly id: number;
  readonly writer: number;
  readonly n: number;
}

describe('the event log', () => {
  it('never lets a reader miss, repeat or reorder a line, though transactions overlap and some are rolled back', async () => {
    const eventLog = new EventLog(db);
    const start = await eventLog.head();
    const tail = new LogTail(eventLog, silent);
    await tail.start();
    const live: number[] = [];
    tail.listen(({ id }) => live.push(id));
    const pump = setInterval(() => tail.wake(), 1);

    /** Reads like a client that reconnects again and again with its last cursor. */
    const resuming = async (until: () => boolean): Promise<Seen[]> => {
      const seen: Seen[] = [];
      while (!until() || seen.at(-1)?.id !== tail.position) {
        const feed = new LogFeed<Seen>({
          tail,
          eventLog,
          after: seen.at(-1)?.id ?? start,
          select: ({ id, payload }) => ({ id, ...(payload as { writer: number; n: number }) }),
          cursorOf: ({ id }) => String(id),
        });
        for (let n = randomInt(40); n > 0; n--) {
          const next = await Promise.race([feed.next(), new Promise<null>((resolve) => setTimeout(resolve, 50, null))]);
          if (next === null || next.done) break;
          seen.push(next.value);
        }
        await feed.return();
      }
      return seen;
    };

    let done = false;
    const readers = [resuming(() => done), resuming(() => done)];
    const committed = await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
    const total = committed.reduce((a, b) => a + b);
    const stored = await database.query<{ id: string }>(`SELECT id FROM event_log WHERE id > $1 ORDER BY id`, [start]);
    expect(stored).toHaveLength(total);
    const head = Number(stored.at(-1)?.id);
    while (tail.position < head) await new Promise((resolve) => setTimeout(resolve, 5));
    done = true;

    const ids = stored.map(({ id }) => Number(id));
    for (const reader of readers) {
      const seen = await reader;
      expect(seen.map(({ id }) => id)).toEqual(ids);
      for (let number = 0; number < WRITERS; number++) {
        const own = seen.filter((line) => line.writer === number).map(({ n }) => n);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
    expect(live).toEqual(ids);
    clearInterval(pump);
    await tail.close();
  }, 60_000);

  it('refuses a cursor that lies ahead of it', async () => {
    const cursor = Buffer.from('log:999999999').toString('base64url');
    await expect(new EventLog(db).resumeFrom(cursor)).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
  });
});

describe('the event store', () => {
  const events = (stream: string, ids: readonly string[]): SecurityEvent[] =>
    ids.map((id) => ({ ...anEvent({ stream }), id, raw: '{}' }));

  it('gives each stream offsets without gaps while eight writers send overlapping batches, and stores each id once', async () => {
    const stores = Array.from({ length: WRITERS }, () => new PostgresEventStore(db, () => Date.now()));
    let accepted = 0;
    await Promise.all(
      stores.map(async (store) => {
        for (let round = 0; round < 12; round++) {
          const streams = ['order-a', 'order-b', 'order-c'].sort(() => randomInt(3) - 1);
          const batch = streams.flatMap((stream) =>
            events(
              stream,
              Array.from({ length: 20 }, () => `id-${randomInt(400)}`),
            ),
          );
          const answers = await store.append(batch);
          accepted += answers.filter((answer) => 'stored' in answer).length;
        }
      }),
    );
    const rows = await database.query<{ name: string; head: string; stored: string; ids: string; top: string }>(
      `SELECT s.name, s.head, count(*) AS stored, count(DISTINCT e.uid) AS ids, max(e.stream_offset) AS top
       FROM streams s JOIN events e ON e.stream_id = s.id WHERE s.name LIKE 'order-%' GROUP BY s.id`,
    );
    expect(rows).toHaveLength(3);
    for (const { head, stored, ids, top } of rows) expect([stored, ids, top]).toEqual([head, head, head]);
    expect(rows.reduce((sum, { stored }) => sum + Number(stored), 0)).toBe(accepted);
  }, 60_000);

  it('knows an event again on another day', async () => {
    const yesterday = new PostgresEventStore(db, () => Date.now() - 86_400_000);
    const today = new PostgresEventStore(db, () => Date.now());
    expect(await yesterday.append(events('days', ['a', 'b']))).toMatchObject([{ stored: {} }, { stored: {} }]);
    expect(await today.append(events('days', ['b', 'c', 'c']))).toMatchObject([
      { duplicate: true },
      { stored: { offset: 3 } },
      { duplicate: true },
    ]);
  });
});
