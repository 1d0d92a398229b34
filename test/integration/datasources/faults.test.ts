import { type BackendError } from '../../../src/datasources/backend-error';
import { type BackendFixture, createBackendFixture } from '../../support/backend-fixture';

const TEXT = '/api/sanitize';
let fixture: BackendFixture;

beforeAll(async () => {
  const fast = { deadlineMs: 1_000, attemptMs: 500 };
  fixture = await createBackendFixture({
    breaker: { failures: 1_000, halfOpenAfterMs: 100 },
    policies: { SANITIZE_TEXT: fast, N8N_WEBHOOK: fast, OVERRIDE_ACTIVATE: { ...fast, attempts: 1 }, HEALTH: fast },
  });
});
const extra: BackendFixture[] = [];
afterAll(async () => {
  for (const one of [fixture, ...extra]) await one.close();
});

async function failureOf(call: Promise<unknown>): Promise<BackendError> {
  return await call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => error as BackendError,
  );
}

function attempts(tool: string): number {
  return fixture.backend.status().tools.find((one) => one.tool === tool)?.attempts ?? -1;
}

describe('an answer that is not what the contract promises', () => {
  it.each([
    ['HTML_ERROR', 'SERVER_ERROR', 500],
    ['STATUS', 'SERVER_ERROR', 500],
    ['EMPTY_BODY', 'MALFORMED_ANSWER', 200],
    ['WRONG_TYPE', 'MALFORMED_ANSWER', 200],
    ['RESET', 'CONNECTION_LOST', null],
    ['RESET_MID_BODY', 'CONNECTION_LOST', null],
  ])('%s three times is %s after three attempts', async (kind, failure, status) => {
    const before = attempts('SANITIZE_TEXT');
    await fixture.fault({ kind, path: TEXT, times: 3 });
    const error = await failureOf(fixture.backend.sanitizeText(kind));
    expect(error).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      tool: 'SANITIZE_TEXT',
      failure,
      status,
      retryable: true,
    });
    expect(error.message).not.toMatch(/<|\.js|routes/i);
    expect(attempts('SANITIZE_TEXT') - before).toBe(3);
  });

  it.each(['HTML_ERROR', 'EMPTY_BODY', 'WRONG_TYPE', 'RESET', 'RESET_MID_BODY'])(
    '%s once is made good by another attempt',
    async (kind) => {
      await fixture.fault({ kind, path: TEXT });
      expect(await fixture.backend.sanitizeText(`once ${kind}`)).toContain('once');
    },
  );

  it('is not read beyond the size limit', async () => {
    await fixture.fault({ kind: 'OVERSIZE', path: TEXT });
    expect(await failureOf(fixture.backend.sanitizeText('big'))).toMatchObject({
      failure: 'ANSWER_TOO_LARGE',
      retryable: false,
    });
  });
});

describe('a slow backend', () => {
  it('costs no more than the deadline', async () => {
    await fixture.fault({ kind: 'HANG', path: TEXT, times: 3 });
    const startedAt = performance.now();
    expect(await failureOf(fixture.backend.sanitizeText('slow'))).toMatchObject({ failure: 'DEADLINE_EXCEEDED' });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await fetch(`${fixture.sandbox.url}/__sandbox/faults`, {
      method: 'DELETE',
      headers: { 'x-admin-auth': 'fixture-admin-secret-4711', connection: 'close' },
    });
  });

  it('is asked again when one attempt took too long', async () => {
    await fixture.fault({ kind: 'HANG', path: TEXT });
    expect(await fixture.backend.sanitizeText('late')).toBe('late');
  });
});

describe('a limited caller', () => {
  it('fails at once when the time to wait lies behind the deadline', async () => {
    await fixture.fault({ kind: 'RATE_LIMIT', path: '/api/webhook', ms: 60_000 });
    const startedAt = performance.now();
    expect(await failureOf(fixture.backend.triggerWorkflow('x'))).toMatchObject({
      failure: 'RATE_LIMITED',
      status: 429,
      retryAfterMs: 60_000,
    });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('waits as long as told when that is short', async () => {
    const patient = await createBackendFixture();
    extra.push(patient);
    await patient.fault({ kind: 'RATE_LIMIT', path: '/api/webhook', ms: 1_000 });
    const startedAt = performance.now();
    expect(await patient.backend.triggerWorkflow('x')).toBe('Processed x');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });
});

describe('a call that must not be made twice', () => {
  it('is not tried again', async () => {
    const before = attempts('OVERRIDE_ACTIVATE');
    await fixture.fault({ kind: 'RESET', path: '/api/admin/override/activate' });
    const request = { justification: 'a good reason', durationMs: 60_000, adminId: 'argus' };
    expect(await failureOf(fixture.backend.activateOverride(request))).toMatchObject({ failure: 'CONNECTION_LOST' });
    expect(attempts('OVERRIDE_ACTIVATE') - before).toBe(1);
    expect(await fixture.backend.activeOverrides()).toEqual([]);
  });
});

describe('identical reads at the same time', () => {
  it('share one request', async () => {
    const before = attempts('HEALTH');
    await fixture.fault({ kind: 'LATENCY', path: '/health', ms: 100 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => fixture.backend.health.check()));
    expect(new Set(answers.map(({ time }) => time)).size).toBe(1);
    expect(attempts('HEALTH') - before).toBe(1);
  });

  it('are refused beyond what may wait', async () => {
    const narrow = await createBackendFixture({ policies: { N8N_WEBHOOK: { concurrency: 1, attempts: 1 } } });
    extra.push(narrow);
    await narrow.fault({ kind: 'LATENCY', path: '/api/webhook', ms: 100 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => narrow.backend.triggerWorkflow(`call ${i}`)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([...Array<string>(5).fill('fulfilled'), 'rejected']);
    expect((outcomes[5] as PromiseRejectedResult).reason).toMatchObject({ failure: 'BUSY', retryable: true });
  });
});
