import { anAttack, type Data, startTestArgus, type TestArgus, until } from '../../support/argus';

let argus: TestArgus;
beforeAll(async () => {
  argus = await startTestArgus();
  await argus.ingest('graphql', [
    ...Array.from({ length: 130 }, (_, i) => anAttack(`user-${i}`, `e${i}`)),
    { id: 'calm', ip: '192.0.2.9', user: 'calm', message: 'nothing to see' },
  ]);
  await until(async () => (await argus.lag()) === 0, 'the end of detection');
});
afterAll(() => argus.stop());

const encode = (text: string): string => Buffer.from(text).toString('base64url');

describe('lists', () => {
  /** Walks a list to its end in small pages; between pages more rows are written. */
  async function walk(
    list: string,
    args: string,
    first: number,
    between: (page: number) => Promise<unknown>,
  ): Promise<string[]> {
    const ids: string[] = [];
    let after: string | null = null;
    for (let page = 0; ; page++) {
      const data: Data = await argus.ask(
        `query ($after: Cursor, $first: Int!) { ${list}(first: $first, after: $after${args}) {
           edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        { after, first },
      );
      const { edges, nodes, pageInfo }: Data = data[list];
      expect(edges.map(({ node }: Data) => node.id)).toEqual(nodes.map(({ id }: Data) => id));
      expect(pageInfo).toMatchObject({ hasPreviousPage: after !== null, endCursor: edges.at(-1)?.cursor ?? null });
      ids.push(...nodes.map(({ id }: Data) => id as string));
      if (!pageInfo.hasNextPage) return ids;
      after = pageInfo.endCursor;
      await between(page);
    }
  }

  it.each([
    ['incidents', ', orderBy: NEWEST'],
    ['incidents', ', orderBy: OLDEST'],
    ['incidents', ', orderBy: SEVERITY'],
    ['incidents', ', filter: { open: true, stream: "graphql" }'],
    ['events', ''],
    ['events', ', filter: { stream: "graphql" }'],
    ['findings', ''],
    ['findings', ', filter: { minSeverity: MEDIUM }'],
    ['streams', ''],
  ])('walks %s%s in small pages without gap or repeat while rows are written', async (list, args) => {
    const before = await walk(list, args, 100, () => Promise.resolve());
    const during = await walk(list, args, 7, (page) =>
      argus.ingest('graphql', [anAttack(`late-${list}${args}-${page}`), { id: `x-${list}${args}-${page}` }]),
    );
    expect(new Set(during).size).toBe(during.length);
    const wanted = new Set(before);
    expect(during.filter((id) => wanted.has(id))).toEqual(before);
  });

  it.each(['incidents', 'events', 'findings', 'streams'])(
    'takes first from 1 to 100 for %s and says so otherwise',
    async (list) => {
      for (const first of [0, -1, 101]) {
        const { errors } = await argus.graphql(`{ ${list}(first: ${first}) { nodes { id } } }`);
        expect(errors).toMatchObject([
          { message: expect.stringContaining('1 to 100'), path: [list], extensions: { code: 'INVALID_INPUT' } },
        ]);
      }
      for (const first of [1, 100])
        expect((await argus.ask(`{ ${list}(first: ${first}) { nodes { id } } }`))[list].nodes).toBeDefined();
    },
  );

  const FORGED = ['incidents.NEWEST:5', 'events:2024-01-01:5', 'findings:5', 'streams:5', 'log:5', 'timeline:5'];
  const HOSTILE = [
    'events:2024-99-99:5',
    'events:0000-00-00:5',
    'events:2024-02-31:1',
    'streams:999999999999999',
    'findings:9007199254740991',
    'findings:-1',
    'incidents.NEWEST:1e300',
    'incidents.SEVERITY:5:99999999',
    'incidents.SEVERITY:5',
    'events::',
    ':',
  ];
  it.each(['incidents', 'events', 'findings', 'streams'])(
    'answers a cursor of another list, or a forged one, for %s with INVALID_CURSOR or a page, never with an internal error',
    async (list) => {
      for (const cursor of [...FORGED, ...HOSTILE].map(encode)) {
        for (const order of list === 'incidents' ? [', orderBy: NEWEST', ', orderBy: SEVERITY'] : ['']) {
          const { errors } = await argus.graphql(
            `query ($after: Cursor) { ${list}(first: 1, after: $after${order}) { nodes { id } } }`,
            { after: cursor },
          );
          const code = errors?.[0]?.extensions.code ?? null;
          expect([Buffer.from(cursor, 'base64url').toString(), code]).toEqual([
            expect.any(String),
            code === null ? null : 'INVALID_CURSOR',
          ]);
        }
      }
      const other = list === 'events' ? 'findings:5' : 'events:2024-01-01:5';
      const { errors } = await argus.graphql(`{ ${list}(first: 1, after: "${encode(other)}") { nodes { id } } }`);
      expect(errors).toMatchObject([{ extensions: { code: 'INVALID_CURSOR' } }]);
    },
  );
});

describe('node', () => {
  const NODE = 'query ($id: ID!) { node(id: $id) { __typename id } }';

  it('finds every type that implements Node by its id', async () => {
    const { incidents, events, findings, streams } = await argus.ask(
      '{ incidents(first: 1) { nodes { id responses { id } } } events(first: 1) { nodes { id } } findings(first: 1) { nodes { id } } streams(first: 1) { nodes { id } } }',
    );
    const { activateOverride } = await argus.ask(
      'mutation { activateOverride(input: { justification: "for the node test" }) { override { id } problems { message } } }',
    );
    const ids: Record<string, string> = {
      Incident: incidents.nodes[0].id,
      Response: incidents.nodes[0].responses[0].id,
      Event: events.nodes[0].id,
      Finding: findings.nodes[0].id,
      Stream: streams.nodes[0].id,
      Override: activateOverride.override.id,
    };
    for (const [type, id] of Object.entries(ids)) {
      expect((await argus.ask(NODE, { id })).node).toEqual({ __typename: type, id });
    }
  });

  it.each([
    'Incident:00000000-0000-0000-0000-000000000000',
    'Event:2024-01-01:1',
    'Finding:999999999999999',
    'Stream:999999',
    'Nonsense:1',
  ])('answers the id of nothing (%s) with null', async (id) => {
    expect(await argus.graphql(NODE, { id: encode(id) })).toMatchObject({
      status: 200,
      data: { node: null },
      errors: undefined,
    });
  });

  it.each([
    '',
    'x',
    'Incident:',
    'Incident:5',
    'Event:2024-99-99:5',
    'Event:2024-02-31:5',
    'Stream:999999999999999',
    'Finding:1e9',
    'Incident:\0',
    '__proto__:1',
  ])('never answers the forged id %j with an internal error', async (id) => {
    const { errors } = await argus.graphql(NODE, { id: encode(id) });
    const code: string = errors?.[0]?.extensions.code ?? 'NOT_FOUND';
    expect(['INVALID_INPUT', 'NOT_FOUND']).toContain(code);
  });
});

describe('reads', () => {
  it('answers an event with all that was kept of it', async () => {
    const { events } = await argus.ask(
      '{ events(first: 5, filter: { uid: "calm" }) { nodes { stream uid offset sourceIp userName message raw ocsf classUid severityId statusId time receivedAt } } }',
    );
    expect(events.nodes).toEqual([
      {
        stream: 'graphql',
        uid: 'calm',
        offset: 131,
        sourceIp: '192.0.2.9',
        userName: 'calm',
        message: 'nothing to see',
        raw: '{"id":"calm","ip":"192.0.2.9","user":"calm","message":"nothing to see"}',
        ocsf: expect.objectContaining({
          src_endpoint: { ip: '192.0.2.9' },
          metadata: expect.objectContaining({ uid: 'calm' }),
        }),
        classUid: 0,
        severityId: 0,
        statusId: 0,
        time: expect.any(String),
        receivedAt: expect.any(String),
      },
    ]);
  });

  it.each(['{ sourceIp: "192.0.2.9" }', '{ userName: "calm" }', '{ uid: "calm", stream: "graphql" }'])(
    'filters events by %s',
    async (filter) => {
      const { events } = await argus.ask(`{ events(first: 5, filter: ${filter}) { nodes { uid } } }`);
      expect(events.nodes).toEqual([{ uid: 'calm' }]);
    },
  );

  it('filters events by time of receipt', async () => {
    const count = async (filter: object): Promise<number> =>
      (await argus.ask('query ($f: EventFilter) { events(first: 1, filter: $f) { nodes { uid } } }', { f: filter }))
        .events.nodes.length;
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect([await count({ receivedAfter: soon }), await count({ receivedBefore: soon })]).toEqual([0, 1]);
  });

  it('answers the agent: mode, heartbeat, instances, lag, latency, playbooks', async () => {
    const { agent } = await argus.ask(
      '{ agent { mode heartbeatAt instances { id host pid } streamCount lag detectionLatency { p50Ms p99Ms } playbooks { name steps automaticFrom } } }',
    );
    expect(agent).toMatchObject({
      mode: 'RUNNING',
      heartbeatAt: expect.any(String),
      instances: [{ pid: process.pid }],
    });
    expect(agent.detectionLatency.p50Ms).toBeGreaterThanOrEqual(0);
    expect(agent.playbooks.length).toBeGreaterThan(1);
  });

  it('answers the backend: health, tools, overrides, reuse statistics', async () => {
    const { backend } = await argus.ask(
      '{ backend { origin mutualTls health { status } tools { tool breaker attempts failures } overrides { backendId } reuseStats { totalRequests health } } }',
    );
    expect(backend).toMatchObject({
      origin: argus.backend.url,
      mutualTls: false,
      health: { status: expect.any(String) },
    });
    expect(backend.tools.length).toBeGreaterThan(5);
  });

  it('keeps the rest of the answer when the backend is away, with a typed error in its place', async () => {
    await argus.backend.fault({ kind: 'STATUS', path: '/', times: 1_000, status: 503 });
    const { data, errors } = await argus.graphql('{ me { role } backend { origin health { status } } }');
    await argus.backend.clearFaults();
    expect(data).toMatchObject({ me: { role: 'ADMIN' }, backend: { health: null } });
    expect(errors).toMatchObject([
      { path: ['backend', 'health'], extensions: { code: 'BACKEND_UNAVAILABLE', retryable: true } },
    ]);
  });

  it('answers an incident that does not exist with null, and an id that is none with INVALID_INPUT', async () => {
    const id = encode('Incident:00000000-0000-0000-0000-000000000000');
    expect((await argus.ask(`{ incident(id: "${id}") { id } }`)).incident).toBeNull();
    expect((await argus.graphql('{ incident(id: "x") { id } }')).errors).toMatchObject([
      { extensions: { code: 'INVALID_INPUT' } },
    ]);
  });
});

describe('documents that cannot run', () => {
  it.each([
    ['a syntax error', '{ incidents(', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ incidents(first: 1) { nodes { nonsense } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing argument', '{ incidents { nodes { id } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a wrong type', '{ incidents(first: "1") { nodes { id } } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'too many aliases',
      `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: me { role }`).join(' ')} }`,
      'GRAPHQL_TOO_COMPLEX',
    ],
    [
      'too deep',
      `{ findings(first: 1) { nodes ${'{ incident { findings { nodes '.repeat(6)}{ id }${' } } }'.repeat(6)} } }`,
      'GRAPHQL_TOO_COMPLEX',
    ],
  ])('answers %s with 400 and a code, without a stack trace', async (_what, query, code) => {
    const { status, errors, text } = await argus.graphql(query);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code });
    expect(text).not.toMatch(/node_modules|\bat \S+ \(/);
  });

  it.each(['\0', 'a\0b', '\ud800'])(
    'never answers text that no column holds (%j) with an internal error',
    async (text) => {
      const operations: [string, object][] = [
        [
          'query ($f: EventFilter) { events(first: 1, filter: $f) { nodes { id } } }',
          { f: { stream: text, uid: text, userName: text } },
        ],
        [
          'query ($f: IncidentFilter) { incidents(first: 1, filter: $f) { nodes { id } } }',
          { f: { entity: text, rule: text } },
        ],
        [
          'mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { problems { code } } }',
          { i: { name: `n${text}`, role: 'VIEWER' } },
        ],
        [
          'mutation ($i: SetAgentModeInput!) { setAgentMode(input: $i) { problems { code } } }',
          { i: { mode: 'RUNNING', reason: `why ${text}` } },
        ],
        [
          'mutation ($i: ActivateOverrideInput!) { activateOverride(input: $i) { problems { code } } }',
          { i: { justification: `long enough ${text}` } },
        ],
      ];
      for (const [query, variables] of operations) {
        const { errors } = await argus.graphql(query, variables);
        expect([query, errors?.[0]?.extensions.code ?? 'fine']).not.toEqual([query, 'INTERNAL']);
      }
    },
  );
});

describe('ingestEvents', () => {
  const INGEST = `mutation ($input: IngestEventsInput!) { ingestEvents(input: $input) {
    accepted duplicates rejected { line code message } problems { __typename code path } } }`;
  const ingest = async (input: object): Promise<Data> => (await argus.ask(INGEST, { input })).ingestEvents;

  it('tells accepted, duplicates and rejected as the HTTP route does', async () => {
    const events = [{ id: '1' }, { id: '1' }, 'text', { id: {} }, 7, { id: '2' }];
    expect(await ingest({ stream: 'mutation', events })).toMatchObject({
      accepted: 2,
      duplicates: 1,
      rejected: [{ line: 3, code: 'INVALID_EVENT' }, { line: 4 }, { line: 5 }],
      problems: [],
    });
    expect(await argus.ingest('mutation', [{ id: '2' }])).toMatchObject({ duplicates: 1 });
  });

  it.each([
    ['no event', { stream: 'mutation', events: [] }, 'INVALID_INPUT'],
    ['1,001 events', { stream: 'mutation', events: Array.from({ length: 1_001 }, () => ({})) }, 'INVALID_INPUT'],
    ['a bad stream name', { stream: 'A b', events: [{}] }, 'INVALID_STREAM_NAME'],
    ['an empty idempotency key', { stream: 'mutation', events: [{}], idempotencyKey: '' }, 'INVALID_INPUT'],
  ])('answers %s with a problem and nothing taken', async (_what, input, code) => {
    expect(await ingest(input)).toMatchObject({
      accepted: null,
      problems: [{ __typename: 'ValidationProblem', code }],
    });
  });
});

describe('updateIncident', () => {
  const UPDATE = `mutation ($input: UpdateIncidentInput!) { updateIncident(input: $input) {
    incident { status assignee tags version endedAt timeline(first: 100) { nodes { kind actor summary } } } problems { __typename code path } } }`;
  const update = async (input: object): Promise<Data> => (await argus.ask(UPDATE, { input })).updateIncident;
  const some = async (): Promise<Data> =>
    (await argus.ask('{ incidents(first: 1, orderBy: OLDEST, filter: { open: true }) { nodes { id version } } }'))
      .incidents.nodes[0];

  it('changes status, assignee and tags, and writes who did it on the timeline', async () => {
    const { id } = await some();
    const { incident } = await update({ id, status: 'IN_PROGRESS', assignee: 'alice', tags: ['a', 'b'] });
    expect(incident).toMatchObject({ status: 'IN_PROGRESS', assignee: 'alice', tags: ['a', 'b'], endedAt: null });
    expect(incident.timeline.nodes.at(-1)).toMatchObject({
      kind: 'STATUS',
      summary: expect.stringContaining('NEW → IN_PROGRESS'),
    });
    expect((await update({ id, assignee: '' })).incident.assignee).toBeNull();
    expect((await update({ id, status: 'CLOSED' })).incident.endedAt).toEqual(expect.any(String));
  });

  it('lets one of two concurrent changes with the same expectedVersion win, and tells the other', async () => {
    const { id } = await some();
    const response = await until(async () => {
      const { incident } = await argus.ask(`{ incident(id: "${id}") { version responses { status } } }`);
      return incident.responses.every(({ status }: Data) => status === 'SUCCEEDED') && incident;
    });
    const answers = await Promise.all(
      ['alice', 'bob'].map((assignee) => update({ id, assignee, expectedVersion: response.version })),
    );
    expect(answers.map(({ problems }) => problems.length).sort()).toEqual([0, 1]);
    expect(answers.flatMap(({ problems }) => problems)).toEqual([
      { __typename: 'ConflictProblem', code: 'CONFLICT', path: ['input', 'expectedVersion'] },
    ]);
  });

  it('answers an incident that does not exist with a NotFoundProblem', async () => {
    expect(await update({ id: encode('Incident:00000000-0000-0000-0000-000000000000') })).toMatchObject({
      incident: null,
      problems: [{ __typename: 'NotFoundProblem' }],
    });
  });

  it('never reopens an incident beside an open one of the same cause', async () => {
    const { incidents } = await argus.ask(
      '{ incidents(first: 1, filter: { open: true }) { nodes { id entity { value } } } }',
    );
    const { id, entity } = incidents.nodes[0];
    await update({ id, status: 'CLOSED' });
    await argus.ingest('graphql', [anAttack(entity.value)]);
    await until(async () => (await argus.lag()) === 0);
    expect(await update({ id, status: 'NEW' })).toMatchObject({ incident: null, problems: [{ code: 'CONFLICT' }] });
  });
});
