import { setTimeout as sleep } from 'node:timers/promises';

import { type BackendFixture, createBackendFixture } from '../../support/backend-fixture';

const BREAKER = { failures: 3, halfOpenAfterMs: 300 };
let fixture: BackendFixture | undefined;

afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

async function recovered(check: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 60; i++) {
    try {
      await check();
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error('the backend did not recover');
}

describe('a dead backend', () => {
  it('opens the breaker, which closes by itself when the backend is back', async () => {
    fixture = await createBackendFixture({ breaker: BREAKER, policies: { HEALTH: { attempts: 1 } } });
    const { backend } = fixture;
    const breaker = () => backend.status().tools.find(({ tool }) => tool === 'HEALTH')?.breaker;
    await backend.health.check();
    await fixture.fault({ kind: 'CRASH', ms: 800 });
    await sleep(50);
    for (let i = 0; i < 3; i++) {
      await expect(backend.health.check()).rejects.toMatchObject({ failure: 'CONNECTION_FAILED' });
    }
    expect(breaker()).toBe('OPEN');
    const startedAt = performance.now();
    await expect(backend.health.check()).rejects.toMatchObject({ failure: 'CIRCUIT_OPEN', retryable: true });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await sleep(320);
    // One call may try, finds nobody, and the breaker is open again.
    await expect(backend.health.check()).rejects.toMatchObject({ failure: 'CONNECTION_FAILED' });
    await expect(backend.health.check()).rejects.toMatchObject({ failure: 'CIRCUIT_OPEN' });
    await recovered(() => backend.health.check());
    expect(breaker()).toBe('CLOSED');
  });

  it('opens the breaker of a tool that fails and of no other', async () => {
    fixture = await createBackendFixture({ breaker: BREAKER, policies: { REUSE_STATS: { attempts: 1 } } });
    const { backend } = fixture;
    await fixture.fault({ kind: 'HTML_ERROR', path: '/api/monitoring', times: 3 });
    for (let i = 0; i < 3; i++) await expect(backend.reuseStats.read()).rejects.toMatchObject({ status: 500 });
    await expect(backend.reuseStats.read()).rejects.toMatchObject({ failure: 'CIRCUIT_OPEN' });
    expect(await backend.sanitizeText('fine')).toBe('fine');
  });

  it('does not open the breaker by refusing', async () => {
    fixture = await createBackendFixture({ breaker: BREAKER, adminSecret: 'wrong' });
    for (let i = 0; i < 6; i++) {
      await expect(fixture.backend.activeOverrides()).rejects.toMatchObject({ status: 401, failure: 'REFUSED' });
    }
  });
});

describe('a document that kills the backend', () => {
  it('is quarantined, and the next upload of another goes through', async () => {
    fixture = await createBackendFixture(
      { breaker: { failures: 100, halfOpenAfterMs: 100 }, policies: { JOB_STATUS: { attempts: 1 } } },
      { restartMs: 600 },
    );
    const { backend } = fixture;
    const poison = Buffer.from('%PDF-1.4 not really');
    await expect(backend.documents.process({ bytes: poison })).rejects.toMatchObject({ failure: 'CONNECTION_FAILED' });
    expect(backend.quarantine.list()).toMatchObject([{ tool: 'DOCUMENT_UPLOAD', reason: 'BACKEND_LOST' }]);
    await recovered(() => backend.health.check());
    await expect(backend.documents.upload({ bytes: poison })).rejects.toMatchObject({
      failure: 'QUARANTINED',
      code: 'BACKEND_REJECTED',
      retryable: false,
    });
    const good = await backend.documents.generatePdf({ markdown: 'Good text' });
    expect((await backend.documents.process({ bytes: good })).content).toContain('Good text');
    expect(backend.status()).toMatchObject({ quarantined: 1, jobQueue: { state: 'MOVING' } });
    expect(backend.quarantine.release(backend.quarantine.list()[0]?.contentHash ?? '')).toBe(true);
  });

  it('is not blamed for a connection that was lost while the backend lived', async () => {
    fixture = await createBackendFixture();
    const bytes = await fixture.backend.documents.generatePdf({ markdown: 'Innocent' });
    await fixture.fault({ kind: 'RESET', path: '/api/documents/upload' });
    await expect(fixture.backend.documents.upload({ bytes })).rejects.toMatchObject({ failure: 'CONNECTION_LOST' });
    expect(fixture.backend.quarantine.list()).toEqual([]);
    expect((await fixture.backend.documents.process({ bytes })).content).toContain('Innocent');
  });
});

describe('a document whose job fails', () => {
  it('is quarantined though the backend answered all the time', async () => {
    fixture = await createBackendFixture({}, { quirks: { poisonDocumentCrashes: false, oneJobPerBoot: false } });
    const { backend } = fixture;
    const bytes = Buffer.from('%PDF-1.4 not really');
    await expect(backend.documents.process({ bytes })).rejects.toMatchObject({ failure: 'JOB_FAILED' });
    expect(backend.quarantine.list()).toMatchObject([{ reason: 'JOB_FAILED' }]);
  });
});

describe('a stuck job queue', () => {
  it('is noticed by the age of a job, though health is well', async () => {
    fixture = await createBackendFixture();
    const { backend } = fixture;
    const bytes = await backend.documents.generatePdf({ markdown: 'one' });
    await backend.documents.process({ bytes });
    expect(backend.status().jobQueue.state).toBe('MOVING');
    const wait = { queuedMs: 400 };
    await expect(backend.documents.process({ bytes }, wait)).rejects.toMatchObject({ failure: 'JOB_QUEUE_STUCK' });
    expect(backend.status().jobQueue.state).toBe('STUCK');
    expect((await backend.health.check()).status).toBe('healthy');
  });
});

describe('text that the backend would queue', () => {
  it('kills it when sent plainly, and leaves a failed job behind', async () => {
    fixture = await createBackendFixture({ breaker: { failures: 100, halfOpenAfterMs: 100 } }, { restartMs: 300 });
    const { backend, sandbox } = fixture;
    const response = await fetch(`${sandbox.url}/api/sanitize/json`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ content: 'harmless', async: true }),
    });
    expect(response.status).toBe(202);
    const { taskId } = (await response.json()) as { taskId: string };
    await sleep(100);
    await expect(backend.health.check()).rejects.toMatchObject({ failure: 'CONNECTION_FAILED' });
    await recovered(() => backend.health.check());
    expect(await backend.jobs.status(taskId)).toMatchObject({ status: 'FAILED' });
    await expect(backend.jobs.wait(taskId)).rejects.toMatchObject({ failure: 'JOB_FAILED' });
  });

  it('never gets there through the datasource', async () => {
    fixture = await createBackendFixture();
    const { backend } = fixture;
    for (const content of ['<script>x</script>', 'onclick=x', 'eval(x)', '{"a":"javascript:x"}']) {
      expect(await backend.sanitize.json({ content })).toMatchObject({ route: 'SANITIZE_TEXT' });
    }
    expect(backend.quarantine.list().every(({ reason }) => reason === 'ASYNC_TRIGGER')).toBe(true);
    expect(backend.status().tools.find(({ tool }) => tool === 'SANITIZE_JSON')?.attempts).toBe(0);
  });
});

describe('the rate budget', () => {
  it('stays below the limit and keeps a share for responses', async () => {
    fixture = await createBackendFixture();
    const { backend } = fixture;
    for (let i = 0; i < 68; i++) await backend.sanitize.json({ content: `background ${i}` });
    await expect(backend.sanitize.json({ content: 'background' })).rejects.toMatchObject({
      failure: 'BUDGET_SPENT',
      retryable: true,
      status: null,
    });
    for (let i = 0; i < 30; i++) await backend.sanitize.json({ content: `response ${i}`, purpose: 'RESPONSE' });
    const last = backend.sanitize.json({ content: 'response', purpose: 'RESPONSE' });
    await expect(last).rejects.toMatchObject({ failure: 'BUDGET_SPENT' });
    const budget = backend.status().tools.find(({ tool }) => tool === 'SANITIZE_JSON')?.budget;
    expect(budget).toMatchObject({ left: 0, leftForBackground: 0 });
  });

  it('gives way when another client of the same address has used the limit up', async () => {
    fixture = await createBackendFixture();
    const { backend, sandbox } = fixture;
    const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (let i = 0; i < 100; i++) await (await fetch(`${sandbox.url}/api/sanitize/json`, call)).text();
    await expect(backend.sanitize.json({ content: 'x', purpose: 'RESPONSE' })).rejects.toMatchObject({ status: 429 });
    await expect(backend.sanitize.json({ content: 'x', purpose: 'RESPONSE' })).rejects.toMatchObject({
      failure: 'BUDGET_SPENT',
    });
  });
});
