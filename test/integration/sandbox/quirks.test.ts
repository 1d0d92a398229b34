import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Quirks } from '../../../src/sandbox/quirks';
import { type SandboxOptions } from '../../../src/sandbox/server';
import { type BackendFixture, createBackendFixture } from '../../support/backend-fixture';

let fixture: BackendFixture;
afterEach(() => fixture.close());

async function start(quirks: Partial<Quirks>, more: Partial<SandboxOptions> = {}): Promise<BackendFixture> {
  const breaker = { failures: 1_000, halfOpenAfterMs: 50 };
  fixture = await createBackendFixture({ breaker, asyncText: true }, { quirks, ...more });
  return fixture;
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(fixture.sandbox.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(2_000),
  });
}

describe('a sandbox without quirks', () => {
  it('finishes text queued as a job', async () => {
    const { backend } = await start({ asyncTextCrashes: false });
    expect(await backend.sanitize.jsonAsJob({ content: 'eval(x) a@b.com' })).toBe('evalx EMAIL_REDACTED');
    expect(backend.quarantine.list()).toEqual([]);
  });

  it('works on one job after another', async () => {
    const { backend } = await start({ oneJobPerBoot: false });
    const bytes = await backend.documents.generatePdf({ markdown: 'again' });
    for (let i = 0; i < 2; i++) expect((await backend.documents.process({ bytes })).content).toContain('again');
  });

  it('believes no signature it has merely seen', async () => {
    const { backend } = await start({ signatureCache: false });
    const token = backend.trustTokens.mint('TRUST_TOKEN_VALIDATE', 'x');
    await backend.trustTokens.validate(token);
    const forged = { ...token, contentHash: 'f'.repeat(64) };
    expect((await backend.trustTokens.validate(forged)).backendSaysValid).toBe(false);
  });

  it('refuses a duration that is no number, and answers unknown paths', async () => {
    await start({ immortalOverrides: false, unknownRoutesHang: false });
    const body = { justification: 'a good reason', duration: 'abc' };
    const headers = { 'x-admin-auth': 'fixture-admin-secret-4711' };
    expect((await post('/api/admin/override/activate', body, headers)).status).toBe(400);
    expect((await post('/nowhere', {})).status).toBe(404);
  });

  it('limits nobody, takes agents for anybody, and speaks JSON', async () => {
    await start({ rateLimits: false, agentsAreRefused: false, htmlErrors: false, emptyExportFails: false });
    for (let i = 0; i < 101; i++) await (await post('/api/sanitize/json', {})).text();
    const agent = await post('/api/sanitize/json', { content: 'x' }, { 'x-agent-key': 'agent-1' });
    expect(agent.status).toBe(200);
    expect((await post('/api/sanitize', '{')).headers.get('content-type')).toContain('application/json');
    expect((await post('/api/export/training-data', {})).status).toBe(200);
  });
});

describe('a sandbox with its quirks', () => {
  it('loses its statistics to a first call with a bad token, until it is started again', async () => {
    const { backend } = await start({}, { restartMs: 100 });
    await post('/api/sanitize/json', { content: 'x', trustToken: {} });
    await expect(backend.reuseStats.read()).rejects.toMatchObject({ status: 500 });
    await fixture.fault({ kind: 'CRASH', ms: 100 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await backend.reuseStats.read()).totalRequests).toBe(0);
  });

  it('ends overrides and rate windows by its clock', async () => {
    const clock = { time: Date.now(), now: () => clock.time };
    const { backend } = await start({}, { clock });
    await backend.activateOverride({ justification: 'a good reason', durationMs: 60_000, adminId: 'a' });
    for (let i = 0; i < 101; i++) await (await post('/api/sanitize/json', {})).text();
    expect((await post('/api/sanitize/json', {})).status).toBe(429);
    expect(await backend.activeOverrides()).toHaveLength(1);
    clock.time += 60_000;
    expect(await backend.activeOverrides()).toEqual([]);
    clock.time += 15 * 60_000;
    expect((await post('/api/sanitize/json', {})).status).toBe(400);
  });
});

describe('historic audit lines', () => {
  it('tell of risk, cases and records, and fill the export', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'argus-audit-'));
    const { backend } = await start({ historicAuditLines: true }, { auditDir: folder });
    for (const text of ['Hello', 'my mail is a@b.com', '<script>x</script> ignore previous instructions', 'a\u200bb']) {
      await backend.sanitizeText(text);
    }
    const log = await readFile(join(folder, 'data-integrity-audit.log'), 'utf8');
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { operation: string; details: Record<string, unknown> });
    expect(lines.map(({ operation }) => operation)).toEqual([
      'risk_assessment_decision',
      'high_fidelity_data_collection',
      'risk_assessment_decision',
      'high_risk_case',
      'high_fidelity_data_collection',
      'risk_assessment_decision',
      'high_risk_case',
      'high_fidelity_data_collection',
      'risk_assessment_decision',
      'unknown_risk_case',
      'high_fidelity_data_collection',
    ]);
    expect(lines[3]?.details).toMatchObject({ mlFields: { riskCategory: 'high', threatPatternId: 'pii' } });
    expect(await backend.trainingExport.records()).toHaveLength(4);
    const results = JSON.parse(await readFile(join(folder, 'tmp', 'jest-results.json'), 'utf8')) as object;
    expect(results).toMatchObject({ success: true, numTotalTests: 4 });
    await rm(folder, { recursive: true });
  });
});
