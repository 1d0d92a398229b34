import { type Data, type House, startHouse, until } from './house';

let house: House;

beforeAll(async () => {
  house = await startHouse();
}, 60_000);

afterEach(() => house.clearFaults());
afterAll(() => house.stop());

const SANITIZE = `mutation { sanitizeText(input: { text: "hello" }) {
  text problems { code message ... on BackendProblem { tool failure status retryable } } } }`;

async function sanitize(): Promise<{ readonly payload: Data; readonly tookMs: number }> {
  const startedAt = performance.now();
  const { sanitizeText: payload } = await house.ask(SANITIZE);
  return { payload, tookMs: performance.now() - startedAt };
}

async function toolStatus(name: string): Promise<Data> {
  const { backend } = await house.ask('{ backend { tools { tool breaker attempts failures lastFailure } } }');
  return (backend.tools as Data[]).find(({ tool }) => tool === name) ?? {};
}

async function incidents(): Promise<Data[]> {
  const { incidents: found } = await house.ask(
    '{ incidents(first: 50) { edges { node { id title severity status stream entity { type value } findingCount } } } }',
  );
  return (found.edges as Data[]).map(({ node }) => node as Data);
}

it.each([
  [{ kind: 'RESET' }, 'CONNECTION_LOST'],
  [{ kind: 'RESET_MID_BODY' }, 'CONNECTION_LOST'],
  [{ kind: 'STATUS', status: 503 }, 'SERVER_ERROR'],
  [{ kind: 'HTML_ERROR', status: 500 }, 'SERVER_ERROR'],
  [{ kind: 'WRONG_TYPE' }, 'MALFORMED_ANSWER'],
  [{ kind: 'EMPTY_BODY' }, 'MALFORMED_ANSWER'],
])(
  'answers %j as a typed problem within the deadline, and nothing of the backend’s insides',
  async (fault, failure) => {
    await house.fault({ ...fault, path: '/api/sanitize', times: 3 });
    const { payload, tookMs } = await sanitize();
    expect(payload).toMatchObject({
      text: null,
      problems: [{ code: 'BACKEND_UNAVAILABLE', tool: 'SANITIZE_TEXT', failure, retryable: true }],
    });
    expect(tookMs).toBeLessThan(10_000);
    expect(JSON.stringify(payload)).not.toMatch(/\/app\/src|<html/);
    expect((await sanitize()).payload.text).toContain('hello');
  },
);

it('answers within the deadline when the backend does not answer at all', async () => {
  await house.fault({ kind: 'HANG', path: '/api/sanitize', times: 3 });
  const { payload, tookMs } = await sanitize();
  expect(payload.problems).toMatchObject([{ failure: 'DEADLINE_EXCEEDED', retryable: true }]);
  expect(tookMs).toBeGreaterThan(2_500);
  expect(tookMs).toBeLessThan(10_000);
});

it('opens the breaker, opens one incident, and closes the breaker when the backend is back', async () => {
  await house.fault({ kind: 'STATUS', path: '/api/sanitize', status: 500, times: 1_000 });
  await sanitize();
  await sanitize();
  expect(await toolStatus('SANITIZE_TEXT')).toMatchObject({ breaker: 'OPEN' });
  const { payload, tookMs } = await sanitize();
  expect(payload.problems).toMatchObject([{ failure: 'CIRCUIT_OPEN', retryable: true }]);
  expect(tookMs).toBeLessThan(2_400);
  const ofBackend = (all: Data[]): Data[] => all.filter(({ stream }) => stream === 'argus.backend');
  const found = await until(async () => ofBackend(await incidents())[0], 'an availability incident');
  expect(found).toMatchObject({ severity: 'HIGH', status: 'NEW', entity: { type: 'STREAM', value: 'argus.backend' } });
  await house.clearFaults();
  await until(async () => (await sanitize()).payload.text, 'recovery', 20_000);
  expect(await toolStatus('SANITIZE_TEXT')).toMatchObject({ breaker: 'CLOSED' });
  expect(ofBackend(await incidents())).toHaveLength(1);
  const { events } = await house.ask(
    '{ events(first: 20, filter: { stream: "argus.backend" }) { edges { node { message } } } }',
  );
  expect(JSON.stringify(events)).toContain('The backend answers SANITIZE_TEXT again.');
}, 60_000);

it('notices an override that never ends, and makes it a critical incident', async () => {
  await house.sandboxCall('POST', '/api/admin/override/activate', {
    justification: 'a duration that is no number',
    duration: 'abc',
  });
  const found = await until(
    async () => (await incidents()).find(({ severity }) => severity === 'CRITICAL'),
    'a critical incident',
    45_000,
  );
  expect(found.title).toContain('Emergency override without an end');
}, 60_000);
