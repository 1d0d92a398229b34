import { INCIDENT_FEED, startTestArgus, type TestArgus, anAttack, until } from '../../support/argus';

let argus: TestArgus;

beforeAll(async () => {
  argus = await startTestArgus();
});

afterAll(() => argus.stop());

/** Every change that the event log holds, as subscribers should have seen them. */
async function logged(): Promise<readonly string[]> {
  const rows = await argus.database.query<{ id: string }>(
    `SELECT id FROM event_log WHERE topic = 'incident' ORDER BY id`,
  );
  return rows.map(({ id }) => Buffer.from(`log:${id}`).toString('base64url'));
}

describe('the feed of incidents', () => {
  it('replays thousands of missed changes in order, then goes on live, without gap or repeat', async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => anAttack(`user-${n}`));
    await argus.ingest('replay', lines.slice(0, 1));
    const early = await argus.subscribe(INCIDENT_FEED, { after: Buffer.from('log:0').toString('base64url') });
    const { cursor } = await early.next();
    await early.close();
    await argus.ingest('replay', lines.slice(1, 2_000));
    const feed = await argus.subscribe(INCIDENT_FEED, { after: cursor });
    await argus.ingest('replay', lines.slice(2_000)); // while the feed catches up
    await until(async () => (await argus.lag()) === 0, 'detection', 60_000);
    await until(
      async () =>
        (await argus.database.query('SELECT 1 FROM responses WHERE finished_at IS NULL LIMIT 1')).length === 0,
      'the end of all responses',
      90_000,
    );
    const expected = (await logged()).slice(1);
    await feed.take(expected.length, 30_000);
    expect(feed.items.map((item) => item.cursor)).toEqual(expected);
    const versions = Map.groupBy(feed.items, ({ incident }) => incident.id as string);
    for (const changes of versions.values()) {
      const seen = changes.map(({ incident }) => incident.version as number);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    }
    await feed.close();
  }, 180_000);

  it('sends only what the filter asks for', async () => {
    const feed = await argus.subscribe(INCIDENT_FEED, { filter: { entity: 'wanted' } });
    await argus.ingest('filtered', [anAttack('other'), anAttack('wanted')]);
    const change = await feed.next();
    expect(change).toMatchObject({ kind: 'OPENED', incident: { entity: { value: 'wanted' }, stream: 'filtered' } });
    await feed.close();
  });

  it('answers a cursor that is none, or of another list, with a typed error', async () => {
    for (const after of ['***', Buffer.from('incidents.NEWEST:5').toString('base64url')]) {
      const feed = await argus.subscribe(INCIDENT_FEED, { after });
      await until(() => feed.problems.length > 0, 'the error');
      expect(JSON.stringify(feed.problems)).toContain('INVALID_CURSOR');
      await feed.close();
    }
  });

  it('closes the socket of a key that has been revoked within five seconds', async () => {
    const { id, secret } = await argus.createKey('VIEWER');
    const feed = await argus.subscribe(INCIDENT_FEED, {}, secret);
    await argus.ask('mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { problems { code } } }', { id });
    await until(() => feed.problems.length > 0, 'the close', 5_000);
    expect(feed.problems[0]).toMatchObject({ code: 4403 });
    await feed.close();
  });
});
