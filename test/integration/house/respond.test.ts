import { anAttack, type Data, startTestArgus, type TestArgus, until } from '../../support/argus';

let argus: TestArgus;
beforeEach(async () => (argus = await startTestArgus()));
afterEach(() => argus.stop());

const INCIDENT = `query ($f: IncidentFilter) { incidents(first: 1, filter: $f) { nodes { id version
  timeline(first: 100) { nodes { kind actor summary data } }
  responses { id playbook status trigger requestedBy steps { action status attempts summary output } } } } }`;

async function incidentOf(entity: string): Promise<Data | undefined> {
  return (await argus.ask(INCIDENT, { f: { entity } })).incidents.nodes[0];
}

const kinds = (incident: Data): string[] => incident.timeline.nodes.map(({ kind }: Data) => kind);

async function incidentWith(entity: string, holds: (incident: Data) => boolean, timeoutMs = 15_000): Promise<Data> {
  return until(
    async () => {
      const incident = await incidentOf(entity);
      return incident && holds(incident) && incident;
    },
    `the incident of ${entity}`,
    timeoutMs,
  );
}

const finished = ({ responses }: Data): boolean => ['SUCCEEDED', 'FAILED'].includes(responses[0]?.status);

async function anIncident(entity = 'mallory'): Promise<Data> {
  await argus.ingest('respond', [anAttack(entity)]);
  return incidentWith(entity, finished);
}

const setMode = (mode: string): Promise<Data> =>
  argus.ask(
    'mutation ($mode: AgentMode!) { setAgentMode(input: { mode: $mode, reason: "a test" }) { agent { mode } problems { code } } }',
    { mode },
  );

/** Lets waiting jobs run now: the clock of the job engine, put forward. `lastAttempt` makes the next one the last. */
async function hurry({ lastAttempt = false } = {}): Promise<void> {
  await argus.database.query(
    `UPDATE graphile_worker._private_jobs SET run_at = now(), attempts = CASE WHEN $1 THEN max_attempts - 1 ELSE attempts END
     WHERE locked_at IS NULL`,
    [lastAttempt],
  );
}

const START = `mutation ($input: StartResponseInput!) { startResponse(input: $input) {
  response { id playbook status requestedBy trigger } plan problems { __typename code path } } }`;

describe('steps against a failing backend', () => {
  it('tries a step again until the backend is back, and notes the attempts', async () => {
    await argus.backend.fault({ kind: 'STATUS', path: '/api/sanitize', times: 1_000, status: 503 });
    await argus.ingest('respond', [anAttack('retry')]);
    await incidentWith('retry', ({ responses }) => responses[0]?.steps[1].attempts === 1);
    await until(
      async () =>
        (await argus.database.query('SELECT 1 FROM graphile_worker.jobs WHERE last_error IS NOT NULL')).length === 1,
    );
    expect(await incidentOf('retry')).toMatchObject({ responses: [{ status: 'RUNNING' }] });
    await argus.backend.clearFaults();
    const incident = await incidentWith('retry', (found) => {
      void hurry();
      return finished(found);
    });
    expect(incident.responses[0].steps[1].status).toBe('SUCCEEDED');
    expect(incident.responses[0].steps[1].attempts).toBeGreaterThan(1);
    expect(kinds(incident)).not.toContain('STEP_FAILED');
  });

  it('records the failure of the last attempt on the timeline, once, and ends the response', async () => {
    await argus.backend.fault({ kind: 'STATUS', path: '/api/sanitize', times: 1_000, status: 503 });
    await argus.ingest('respond', [anAttack('down')]);
    await until(
      async () =>
        (await argus.database.query('SELECT 1 FROM graphile_worker.jobs WHERE last_error IS NOT NULL')).length === 1,
    );
    await hurry({ lastAttempt: true });
    const incident = await incidentWith('down', finished, 25_000);
    expect(incident.responses[0]).toMatchObject({
      status: 'FAILED',
      steps: [{ status: 'SUCCEEDED' }, { status: 'FAILED', attempts: 2, output: { code: 'BACKEND_UNAVAILABLE' } }],
    });
    expect(kinds(incident)).toEqual([
      'OPENED',
      'RESPONSE_STARTED',
      'STEP_SUCCEEDED',
      'STEP_FAILED',
      'RESPONSE_FINISHED',
    ]);
  }, 60_000);

  it('does not try again what the backend has refused for good', async () => {
    await argus.backend.fault({ kind: 'STATUS', path: '/api/sanitize', times: 1_000, status: 400 });
    const incident = await anIncident('refused');
    expect(incident.responses[0].steps[1]).toMatchObject({
      status: 'FAILED',
      attempts: 1,
      output: { code: 'BACKEND_REJECTED' },
    });
  });
});

describe('the kill switch', () => {
  it('holds steps back while the agent is KILLED and runs each once when it is RUNNING again', async () => {
    await setMode('KILLED');
    await argus.ingest('respond', [anAttack('held')]);
    await incidentWith('held', ({ responses }) => responses.length === 1);
    await until(async () => (await argus.database.query('SELECT 1 FROM graphile_worker.jobs')).length === 0, 'the job');
    expect((await incidentOf('held'))!.responses[0]).toMatchObject({
      status: 'QUEUED',
      steps: [{ attempts: 0 }, { attempts: 0 }],
    });
    const { startResponse } = await argus.ask(START, {
      input: { incidentId: (await incidentOf('held'))!.id, playbook: 'alert' },
    });
    expect(startResponse).toMatchObject({
      response: null,
      problems: [{ __typename: 'ConflictProblem', code: 'AGENT_KILLED' }],
    });
    await setMode('RUNNING');
    const incident = await incidentWith('held', finished);
    expect(incident.responses).toMatchObject([{ steps: [{ attempts: 1 }, { attempts: 1 }] }]);
    expect(kinds(incident).filter((kind) => kind === 'RESPONSE_FINISHED')).toHaveLength(1);
  });

  it('detects but starts no response by itself while the agent is PAUSED', async () => {
    await setMode('PAUSED');
    await argus.ingest('respond', [anAttack('paused')]);
    const incident = await incidentWith('paused', () => true);
    expect(kinds(incident)).toEqual(['OPENED']);
    expect(incident.responses).toEqual([]);
    const { startResponse } = await argus.ask(START, { input: { incidentId: incident.id, playbook: 'alert' } });
    expect(startResponse.problems).toEqual([]);
    await incidentWith('paused', finished);
  });
});

describe('responses that people start', () => {
  it('starts one response for 10 concurrent calls with one key, and changes nothing at the ninth', async () => {
    const { id } = await anIncident();
    const input = { incidentId: id, playbook: 'trigger-workflow', idempotencyKey: 'once' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => argus.ask(START, { input })));
    const ids = new Set(answers.map(({ startResponse }) => startResponse.response?.id));
    expect([...ids]).toEqual([expect.any(String)]);
    const before = await incidentWith('mallory', finished);
    expect(before.responses).toHaveLength(2);
    expect(kinds(before).filter((kind) => kind === 'RESPONSE_FINISHED')).toHaveLength(2);
    await argus.ask(START, { input });
    expect((await incidentOf('mallory'))!.version).toBe(before.version);
  });

  it('answers a key that was used for another response with CONFLICT', async () => {
    const { id } = await anIncident();
    const input = { incidentId: id, playbook: 'alert', idempotencyKey: 'used' };
    await argus.ask(START, { input });
    const { startResponse } = await argus.ask(START, { input: { ...input, playbook: 'trigger-workflow' } });
    expect(startResponse.problems).toMatchObject([{ code: 'CONFLICT', path: ['input', 'idempotencyKey'] }]);
  });

  it('answers the plan in a dry run and leaves no trace', async () => {
    const before = await anIncident();
    const { startResponse } = await argus.ask(START, {
      input: { incidentId: before.id, playbook: 'trigger-workflow', dryRun: true },
    });
    expect(startResponse).toEqual({ response: null, plan: ['alert', 'trigger-workflow'], problems: [] });
    expect(await incidentOf('mallory')).toEqual(before);
  });

  it.each([
    ['an unknown playbook', { playbook: 'nonsense' }, 'NOT_FOUND'],
    [
      'an unknown incident',
      { incidentId: Buffer.from('Incident:00000000-0000-0000-0000-000000000000').toString('base64url') },
      'NOT_FOUND',
    ],
    ['an id that is none', { incidentId: 'x' }, 'INVALID_INPUT'],
    ['an id of another type', { incidentId: Buffer.from('Finding:1').toString('base64url') }, 'NOT_FOUND'],
    ['an empty key', { idempotencyKey: '' }, 'INVALID_INPUT'],
  ])('answers %s with a problem', async (_what, part, code) => {
    const { id } = await anIncident();
    const { startResponse } = await argus.ask(START, { input: { incidentId: id, playbook: 'alert', ...part } });
    expect(startResponse).toMatchObject({ response: null, plan: null, problems: [{ code }] });
  });
});

describe('overrides', () => {
  const ACTIVATE = `mutation ($input: ActivateOverrideInput!) { activateOverride(input: $input) {
    override { id justification endsAt deactivatedAt incident { id } } problems { __typename code message path } } }`;
  const DEACTIVATE = `mutation ($id: ID!) { deactivateOverride(input: { id: $id }) { override { id deactivatedAt } problems { code } } }`;
  const atBackend = async (): Promise<Data[]> =>
    (await argus.ask('{ backend { overrides { backendId justification adminId } } }')).backend.overrides;

  it('shows an override at the backend and on the timeline, until it is ended', async () => {
    const { id } = await anIncident();
    const input = { justification: 'an emergency in a test', duration: 'PT5M', incidentId: id };
    const { activateOverride } = await argus.ask(ACTIVATE, { input });
    expect(activateOverride).toMatchObject({
      problems: [],
      override: { endsAt: expect.any(String), deactivatedAt: null, incident: { id } },
    });
    expect(await atBackend()).toMatchObject([{ justification: expect.stringContaining('an emergency in a test') }]);
    const { deactivateOverride } = await argus.ask(DEACTIVATE, { id: activateOverride.override.id });
    expect(deactivateOverride).toMatchObject({ problems: [], override: { deactivatedAt: expect.any(String) } });
    expect(await atBackend()).toEqual([]);
    expect(kinds((await incidentOf('mallory'))!).slice(-2)).toEqual(['OVERRIDE_ACTIVATED', 'OVERRIDE_DEACTIVATED']);
  });

  it('opens one override for 10 concurrent calls with one key', async () => {
    const { id } = await anIncident();
    const input = { justification: 'an emergency in a test', incidentId: id, idempotencyKey: 'once' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => argus.ask(ACTIVATE, { input })));
    expect(answers.flatMap(({ activateOverride }) => activateOverride.problems)).toEqual([]);
    expect(new Set(answers.map(({ activateOverride }) => activateOverride.override.id)).size).toBe(1);
    expect(await atBackend()).toHaveLength(1);
    expect(kinds((await incidentOf('mallory'))!).filter((kind) => kind.startsWith('OVERRIDE'))).toEqual([
      'OVERRIDE_ACTIVATED',
    ]);
  });

  it('answers a failing backend with a BackendProblem, records it, and opens one override when asked again', async () => {
    const { id } = await anIncident();
    await argus.backend.fault({ kind: 'STATUS', path: '/api/admin/override/activate', times: 1, status: 500 });
    const input = { justification: 'an emergency in a test', incidentId: id, idempotencyKey: 'again' };
    const first = (await argus.ask(ACTIVATE, { input })).activateOverride;
    expect(first).toMatchObject({ override: null, problems: [{ __typename: 'BackendProblem' }] });
    const second = (await argus.ask(ACTIVATE, { input })).activateOverride;
    expect(second).toMatchObject({ override: { justification: input.justification }, problems: [] });
    expect(await atBackend()).toHaveLength(1);
  });

  it.each([
    ['a short justification', { justification: 'too short' }, 'justification'],
    ['a duration below a minute', { duration: 'PT59S' }, 'duration'],
    ['a duration beyond an hour', { duration: 'PT1H1S' }, 'duration'],
    ['a duration that is none', { duration: '15 minutes' }, 'duration'],
  ])('refuses %s and asks the backend nothing', async (_what, part, field) => {
    const { activateOverride } = await argus.ask(ACTIVATE, {
      input: { justification: 'long enough to pass', ...part },
    });
    expect(activateOverride).toMatchObject({
      override: null,
      problems: [{ code: 'INVALID_INPUT', path: ['input', field] }],
    });
    expect(await atBackend()).toEqual([]);
  });
});
