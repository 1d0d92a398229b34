import { setTimeout as pause } from 'node:timers/promises';
import { type DataSource } from 'typeorm';
import { openDatabase } from '../../../src/store/database';
import { appendLog, EventLog } from '../../../src/store/event-log';
import { LogFeed } from '../../../src/store/log-feed';
import { LogTail } from '../../../src/store/log-tail';
import { createTestDatabase, type TestDatabase } from '../../support/postgres';

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let database: TestDatabase;
let db: DataSource;
let log: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url });
  log = new EventLog(db);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

let serial = 0;

/** Writers that hold their transactions open for odd times before and after they append. */
async function write(transactions: number): Promise<void> {
  const one = async (): Promise<void> => {
    const n = ++serial;
    await db.transaction(async (sql) => {
      await sql.query('SELECT 1');
      await pause(Math.random() * 30);
      await appendLog(
        sql,
        [0, 1].map((part) => ({ topic: 'incident', kind: 'UPDATED', payload: { n, part } })),
      );
      await pause(Math.random() * 4);
      if (n % 7 === 0) throw new Error('rolled back');
    });
  };
  const writer = async (): Promise<void> => {
    for (let i = 0; i < transactions; i++) await one().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}

const committed = async (): Promise<number[]> =>
  (await database.query<{ id: number }>('SELECT id::int AS id FROM event_log ORDER BY event_log.id')).map(
    ({ id }) => id,
  );

it('shows readers that tail it every line once and in order, whatever the order in which writers commit', async () => {
  let done = false;
  const readers = [1, 2, 3].map(async (limit) => {
    const seen: number[] = [];
    while (!done || (await log.head()) > (seen.at(-1) ?? 0)) {
      for (const { id } of await log.readAfter(seen.at(-1) ?? 0, limit * 7)) seen.push(id);
    }
    return seen;
  });
  await write(25);
  done = true;
  const wanted = await committed();
  expect(wanted).toHaveLength(new Set(wanted).size);
  for (const seen of await Promise.all(readers)) expect(seen).toEqual(wanted);
}, 60_000);

it('gives feeds that start anywhere, at any time, all lines behind their cursor once and in order', async () => {
  const tail = new LogTail(log, SILENT);
  await tail.start();
  const waking = setInterval(() => tail.wake(), 3);
  const begin = await log.head();
  const writing = write(15);
  const feeds: { after: number; seen: number[]; feed: LogFeed<number> }[] = [];
  for (let i = 0; i < 12; i++) {
    const after = i % 2 === 0 ? begin : await log.head();
    const feed = new LogFeed<number>({ tail, eventLog: log, after, select: ({ id }) => id, cursorOf: String });
    const seen: number[] = [];
    feeds.push({ after, seen, feed });
    void (async () => {
      for await (const id of feed) seen.push(id);
    })();
    await pause(Math.random() * 15);
  }
  await writing;
  const wanted = await committed();
  for (const { after, seen, feed } of feeds) {
    const mine = wanted.filter((id) => id > after);
    for (let tries = 0; seen.length < mine.length && tries < 500; tries++) await pause(10);
    expect(seen).toEqual(mine);
    await feed.return();
  }
  clearInterval(waking);
  await tail.close();
}, 60_000);

it('goes on behind exactly the cursor, and hands a broken feed its own error without troubling the others', async () => {
  const tail = new LogTail(log, SILENT);
  await tail.start();
  const broken = new LogFeed<number>({
    tail,
    eventLog: log,
    after: null,
    select: () => {
      throw new Error('broken');
    },
    cursorOf: String,
  });
  const sound = new LogFeed<number>({ tail, eventLog: log, after: null, select: ({ id }) => id, cursorOf: String });
  await db.transaction((sql) => appendLog(sql, [{ topic: 'incident', kind: 'UPDATED', payload: {} }]));
  tail.wake();
  await expect(broken.next()).rejects.toThrow('broken');
  expect(await sound.next()).toEqual({ done: false, value: await log.head() });
  await tail.close();
});
