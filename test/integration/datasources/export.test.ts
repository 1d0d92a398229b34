import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

import { type BackendFixture, createBackendFixture } from '../../support/backend-fixture';

const RECORDS = [0.3, 0.9].map((riskScore, i) => ({
  id: `audit_${i}`,
  timestamp: `2026-11-2${i}T00:00:00.000Z`,
  inputDataHash: 'a'.repeat(64),
  processingSteps: ['unicode_normalization', 'symbol_stripping'],
  decisionOutcome: { decision: 'sanitized', reasoning: 'größer, "quoted"', riskScore },
  contextMetadata: { inputLength: 100, outputLength: 90, processingTime: 12 },
}));

let folder: string;
let fixture: BackendFixture;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'argus-export-'));
  fixture = await createBackendFixture({}, { trainingData: RECORDS, auditDir: join(folder, 'audit') });
});
afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

describe('the training export', () => {
  it('comes as records', async () => {
    const records = await fixture.backend.trainingExport.records();
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({ ...RECORDS[0], riskScore: 0.3, processingStepsCount: 2 });
  });

  it('is filtered by the backend', async () => {
    const tools = fixture.backend.trainingExport;
    expect(await tools.records({ riskScore: 0.9 })).toMatchObject([{ id: 'audit_1' }]);
    expect(await tools.records({ from: Date.parse('2026-11-21T00:00:00Z') })).toMatchObject([{ id: 'audit_1' }]);
    expect(await tools.records({ to: Date.parse('2026-11-20T12:00:00Z') })).toMatchObject([{ id: 'audit_0' }]);
    expect(await tools.records({ from: Date.parse('2030-01-01') })).toEqual([]);
  });

  it('streams Parquet into a file that reads back', async () => {
    const path = join(folder, 'export.parquet');
    const file = await fixture.backend.trainingExport.toFile(path, 'PARQUET');
    expect(file).toMatchObject({ path, format: 'PARQUET', records: 2 });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'id',
      'timestamp',
      'inputDataHash',
      'processingSteps',
      'decisionOutcome',
      'featureVector',
      'contextMetadata',
    ]);
    expect(JSON.parse(String(rows[1]?.decisionOutcome))).toEqual(RECORDS[1]?.decisionOutcome);
    expect((await readFile(path)).length).toBe(file?.bytes);
  });

  it('streams CSV, nested columns broken as the backend breaks them', async () => {
    const path = join(folder, 'export.csv');
    await fixture.backend.trainingExport.toFile(path, 'CSV');
    const [head, first] = (await readFile(path, 'utf8')).split('\n');
    expect(head).toMatch(/^id,timestamp,inputDataHash,processingSteps,decisionOutcome,/);
    expect(first).toContain('"unicode_normalization,symbol_stripping",[object Object]');
  });

  it.each(['RESET_MID_BODY', 'HTML_ERROR', 'WRONG_TYPE'])('leaves no file behind after %s', async (kind) => {
    await fixture.fault({ kind, path: '/api/export' });
    const path = join(folder, 'broken.json');
    await expect(fixture.backend.trainingExport.toFile(path, 'JSON')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      tool: 'TRAINING_EXPORT',
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
  });
});

describe('the audit files', () => {
  it('are written in the backend’s own lines, keys in order', async () => {
    const { backend } = fixture;
    await backend.reuseStats.read();
    const override = await backend.activateOverride({
      justification: 'a good reason',
      durationMs: 60_000,
      adminId: 'eve',
    });
    await backend.deactivateOverride(override.id, 'eve');
    await fixture.backend.documents.process({ bytes: await backend.documents.generatePdf({ markdown: '4711' }) });
    const lines = async (name: string): Promise<Record<string, unknown>[]> =>
      (await readFile(join(folder, 'audit', name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const access = await lines('access-audit.log');
    const actions = access.map(({ action }) => action);
    expect(actions).toEqual(['trust_token_validated', 'access_granted', 'access_denied', 'trust_token_validated']);
    for (const line of access) expect(Object.keys(line)).toEqual(Object.keys(line).toSorted());
    const escalation = (await lines('data-integrity-audit.log')).find(
      ({ operation }) => operation === 'hitl_escalation_decision',
    );
    expect(escalation).toMatchObject({
      message: 'Data Integrity Operation',
      level: 'info',
      details: { riskLevel: 'Low', triggerConditions: [] },
      context: { logger: 'HITLEscalationLogger', resourceType: 'job_result' },
    });
  });
});
