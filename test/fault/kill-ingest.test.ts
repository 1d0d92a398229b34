import { type Change, INCIDENT_FEED, SpawnedArgus, until } from '../support/spawn-argus';
import { type TestFeed } from '../support/feed';
import { type Acknowledged, chunked, numberedEvents, sendUntilCut } from '../support/load';

const STREAM = 'kill';
const EVENTS = numberedEvents(50_000);
const BODIES = chunked(EVENTS, 2_500);
const ATTACKS = EVENTS.length / 50;
const USERS = 20;

let argus: SpawnedArgus;
const seen: Change[] = [];
let feed: TestFeed<Change>;
let acknowledged: Acknowledged[];
let resent: Acknowledged[];

/** A client of the feed that comes back with the cursor of the last change it was given. */
async function resume(): Promise<TestFeed<Change>> {
  seen.push(...feed.items);
  const after = seen.at(-1)?.cursor;
  return argus.subscribe(INCIDENT_FEED, after === undefined ? {} : { after });
}

describe('kill -9 in the middle of an ingest of 50,000 events', () => {
  beforeAll(async () => {
    argus = await SpawnedArgus.start();
    feed = await argus.subscribe(INCIDENT_FEED);
    const sending = sendUntilCut(argus, STREAM, BODIES);
    // Half-way: some bodies are acknowledged, one is under way, detection is behind.
    await until(
      async () => {
        const [row] = await argus.query<{ head: number }>('SELECT head::int FROM streams WHERE name = $1', [STREAM]);
        return (row?.head ?? 0) > 20_000;
      },
      'the first half',
      60_000,
    );
    await argus.kill('SIGKILL');
    acknowledged = await sending;
    await argus.restart();
    feed = await resume();
    resent = await sendUntilCut(argus, STREAM, BODIES);
    await until(async () => (await argus.lag()) === 0, 'the end of detection', 60_000);
    await until(
      async () => {
        const rows = await argus.query(`SELECT 1 FROM responses WHERE status <> 'SUCCEEDED'`);
        return rows.length === 0;
      },
      'the end of responses',
      60_000,
    );
  }, 240_000);
  afterAll(() => argus.remove());

  it('keeps every acknowledged event, each exactly once', async () => {
    expect(acknowledged.length).toBeGreaterThan(3);
    expect(acknowledged.length).toBeLessThan(BODIES.length);
    // What was acknowledged before is a duplicate now, to the last event.
    expect(resent).toHaveLength(BODIES.length);
    resent
      .slice(0, acknowledged.length)
      .forEach((answer) => expect(answer).toEqual({ accepted: 0, duplicates: 2_500 }));
    const [counts] = await argus.query(
      `SELECT count(*)::int AS rows, count(DISTINCT uid)::int AS ids, count(DISTINCT stream_offset)::int AS offsets,
         max(stream_offset)::int AS head FROM events WHERE stream = $1`,
      [STREAM],
    );
    expect(counts).toEqual({ rows: 50_000, ids: 50_000, offsets: 50_000, head: 50_000 });
  });

  it('detects every event exactly once', async () => {
    const [findings] = await argus.query(
      'SELECT count(*)::int AS rows, count(DISTINCT event_id)::int AS events FROM findings',
    );
    expect(findings).toEqual({ rows: ATTACKS, events: ATTACKS });
    const incidents = await argus.query(
      `SELECT i.finding_count::int AS counted, count(f.id)::int AS present
       FROM incidents i LEFT JOIN findings f ON f.incident_id = i.id GROUP BY i.id`,
    );
    expect(incidents).toEqual(
      Array.from({ length: USERS }, () => ({ counted: ATTACKS / USERS, present: ATTACKS / USERS })),
    );
  });

  it('lets a subscriber that comes back with its cursor see every change exactly once, in order', async () => {
    const logged = await argus.query<{ cursor: string; kind: string; version: number }>(
      `SELECT id::text AS cursor, kind, (payload ->> 'version')::int AS version FROM event_log WHERE topic = 'incident' ORDER BY id`,
    );
    await until(() => seen.length + feed.items.length >= logged.length, 'the last change');
    const got = [...seen, ...feed.items].map(({ cursor, kind, incident }) => ({
      cursor,
      kind,
      version: incident.version,
    }));
    const wanted = logged.map((line) => ({ ...line, cursor: Buffer.from(`log:${line.cursor}`).toString('base64url') }));
    expect(got).toEqual(wanted);
    await feed.close();
  });

  it('gives every incident its response, finished once', async () => {
    const rows = await argus.query(
      `SELECT count(*)::int AS finished FROM incident_timeline WHERE kind = 'RESPONSE_FINISHED' GROUP BY incident_id`,
    );
    expect(rows).toEqual(Array.from({ length: USERS }, () => ({ finished: 1 })));
  });
});
