import { WebSocket } from 'ws';
import { anAttack, type Change, INCIDENT_FEED, startTestArgus, type TestArgus, until } from '../../support/argus';

let argus: TestArgus;
beforeEach(async () => (argus = await startTestArgus()));
afterEach(() => argus.stop());

/** Writes changes of one incident straight into the log, as any process of Argus would. */
async function appendChanges(count: number, title = 'a title'): Promise<void> {
  await argus.database.query(
    `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(x'4152475554'::bigint))
     INSERT INTO event_log (topic, kind, payload)
     SELECT 'incident', 'UPDATED', (SELECT to_jsonb(i) FROM incidents i LIMIT 1) || jsonb_build_object('finding_count', n, 'title', $2::text)
     FROM locked, generate_series(1, $1::int) AS n`,
    [count, title],
  );
}

async function logged(): Promise<string[]> {
  const rows = await argus.database.query<{ id: string }>(
    `SELECT id::text FROM event_log WHERE topic = 'incident' ORDER BY event_log.id`,
  );
  return rows.map(({ id }) => Buffer.from(`log:${id}`).toString('base64url'));
}

const cursors = (changes: readonly Change[]): string[] => changes.map(({ cursor }) => cursor);

/** One incident whose response has ended, and the cursor of its last change. */
async function anIncident(entity = 'mallory'): Promise<string> {
  const feed = await argus.subscribe(INCIDENT_FEED);
  await argus.ingest('feed', [anAttack(entity)]);
  await feed.take(3);
  await feed.close();
  return feed.items.at(-1)!.cursor;
}

it('pushes only what the filter lets through', async () => {
  const all = await argus.subscribe(INCIDENT_FEED);
  const alices = await argus.subscribe(INCIDENT_FEED, { filter: { entity: 'alice' } });
  const lows = await argus.subscribe(INCIDENT_FEED, { filter: { status: ['RESOLVED'] } });
  await argus.ingest('feed', [anAttack('alice'), anAttack('bob')]);
  await all.take(6);
  expect(alices.items.map(({ kind }) => kind)).toEqual(['OPENED', 'RESPONSE', 'RESPONSE']);
  expect(lows.items).toEqual([]);
  const { id } = alices.items[0]!.incident;
  await argus.ask(
    'mutation ($id: ID!) { updateIncident(input: { id: $id, status: RESOLVED }) { problems { code } } }',
    { id },
  );
  expect(await lows.next()).toMatchObject({ kind: 'STATUS', incident: { id, status: 'RESOLVED' } });
  for (const feed of [all, alices, lows]) await feed.close();
});

it('takes a part of a filter that is null for one that was not given, and never lets it trouble other subscribers', async () => {
  const empty = { open: null, status: null, minSeverity: null, rule: null, stream: null, entity: null, assignee: null };
  const odd = await argus.subscribe(INCIDENT_FEED, { filter: empty });
  const plain = await argus.subscribe(INCIDENT_FEED);
  await argus.ingest('feed', [anAttack('alice'), anAttack('bob')]);
  await Promise.all([plain.take(6), odd.take(6)]);
  expect(cursors(odd.items)).toEqual(cursors(plain.items));
  const { incidents } = await argus.ask(
    'query ($f: IncidentFilter) { incidents(first: 9, filter: $f) { nodes { id } } }',
    {
      f: empty,
    },
  );
  expect(incidents.nodes).toHaveLength(2);
  for (const feed of [odd, plain]) await feed.close();
});

it('replays 5,000 missed changes behind a cursor, in order, without gap or repeat, while new ones arrive', async () => {
  const after = await anIncident();
  await appendChanges(5_000);
  const writing = (async () => {
    for (let i = 0; i < 40; i++) await appendChanges(5);
  })();
  const feed = await argus.subscribe(INCIDENT_FEED, { after });
  await writing;
  await feed.take(5_200, 25_000);
  const ids = await logged();
  expect(cursors(feed.items)).toEqual(ids.slice(ids.indexOf(after) + 1));
  await feed.close();
});

it('gives each of many subscribers who come in the midst of changes all that follow their cursor', async () => {
  const after = await anIncident();
  const writing = (async () => {
    for (let i = 0; i < 100; i++) await appendChanges(3);
  })();
  const feeds = [];
  for (let i = 0; i < 20; i++) feeds.push(await argus.subscribe(INCIDENT_FEED, { after }));
  await writing;
  const wanted = (await logged()).slice(3);
  for (const feed of feeds) {
    await feed.take(300);
    expect(cursors(feed.items)).toEqual(wanted);
    await feed.close();
  }
});

it.each([
  ['rubbish', 'rubbish'],
  ['of another list', Buffer.from('incidents.NEWEST:3').toString('base64url')],
  ['ahead of the feed', Buffer.from('log:999999').toString('base64url')],
  ['of a number that is none', Buffer.from('log:1e99').toString('base64url')],
])('refuses a cursor that is %s with INVALID_CURSOR', async (_what, after) => {
  const feed = await argus.subscribe(INCIDENT_FEED, { after });
  await until(() => feed.problems.length > 0, 'the refusal');
  expect(JSON.stringify(feed.problems)).toContain('INVALID_CURSOR');
  await feed.close();
});

it('closes the sockets of a revoked key with 4403 within 5 s', async () => {
  const { id, secret } = await argus.createKey('VIEWER');
  const feed = await argus.subscribe(INCIDENT_FEED, {}, secret);
  await argus.ask('mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { problems { code } } }', { id });
  await until(() => feed.problems.length > 0, 'the end of the socket', 5_000);
  expect(JSON.stringify(feed.problems[0], ['code'])).toBe('{"code":4403}');
  await feed.close();
});

it('ends the feed of a client that does not read with SLOW_CONSUMER, and gives it all the rest when it resumes', async () => {
  const start = await anIncident();
  const socket = new WebSocket(`${argus.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const got: Change[] = [];
  const errors: any[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'next') got.push(message.payload.data.incidents);
    if (message.type === 'error') errors.push(...message.payload);
    if (message.type === 'connection_ack') {
      const payload = { query: INCIDENT_FEED, variables: { after: start } };
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    }
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${argus.adminKey}` } }));
  await appendChanges(1);
  await until(() => got.length === 1, 'the first change');

  socket.pause();
  // More than the kernel's buffers and the server's queue hold together.
  const total = 6_000;
  for (let n = 0; n < total; n += 1_000) await appendChanges(1_000, 'x'.repeat(4_000));
  const witness = await argus.subscribe(INCIDENT_FEED, { after: start });
  await witness.take(total + 1, 25_000);
  await witness.close();
  socket.resume();
  await until(() => errors.length > 0, 'SLOW_CONSUMER', 20_000);
  expect(errors[0].extensions).toMatchObject({ code: 'SLOW_CONSUMER', retryable: true, cursor: got.at(-1)!.cursor });
  expect(got.length).toBeLessThan(total);
  socket.terminate();

  const rest = await argus.subscribe(INCIDENT_FEED, { after: errors[0].extensions.cursor });
  await rest.take(total + 1 - got.length, 25_000);
  expect([...cursors(got), ...cursors(rest.items)]).toEqual((await logged()).slice(3));
  await rest.close();
}, 60_000);
