import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { type BackendTools, createBackend } from '../../../src/datasources/backend';
import { ADMIN_SECRET, silentLog, systemClock, TRUST_SECRET } from '../../support/backend-fixture';

/** A backend that throws everything it was sent back at the caller. */
let server: Server;
let backend: BackendTools;
let answer: (headers: object, body: string) => { status: number; type: string; body: string };
const seen: Record<string, unknown>[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push(request.headers);
      const { status, type, body } = answer(request.headers, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  backend = createBackend({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    adminSecret: ADMIN_SECRET,
    trustTokenSecret: TRUST_SECRET,
    log: silentLog,
    clock: systemClock,
    breaker: { failures: 1_000, halfOpenAfterMs: 1 },
  });
});
afterAll(async () => {
  await backend.close();
  server.closeAllConnections();
  server.close();
});

const CALLS: readonly [string, () => Promise<unknown>][] = [
  ['activate', () => backend.activateOverride({ justification: 'a good reason', durationMs: 60_000, adminId: 'a' })],
  ['deactivate', () => backend.deactivateOverride('override_1', 'a')],
  ['active', () => backend.activeOverrides()],
  ['reuse-stats', () => backend.reuseStats.read()],
  ['generate-pdf', () => backend.documents.generatePdf({ markdown: 'text' })],
  ['upload', () => backend.documents.upload({ bytes: Buffer.from('%PDF-1.4') })],
  ['sanitize', () => backend.sanitizeText('private words')],
  ['sanitize-json', () => backend.sanitize.json({ content: 'private words' })],
  ['n8n', () => backend.triggerWorkflow('private words')],
  ['validate', () => backend.trustTokens.validate(backend.trustTokens.mint('TRUST_TOKEN_VALIDATE', 'x'))],
  ['export', () => backend.trainingExport.records()],
  ['health', () => backend.health.check()],
];

describe.each(CALLS)('%s', (_, call) => {
  it.each([
    [
      400,
      'application/json',
      (echo: string) => JSON.stringify({ error: `no ${ADMIN_SECRET} ${TRUST_SECRET}`, details: echo }),
    ],
    [
      500,
      'application/json',
      (echo: string) => JSON.stringify({ error: 'failed', message: ADMIN_SECRET, details: echo }),
    ],
    [500, 'text/html', (echo: string) => `<pre>Error at /app/src/secret.js:1<br>${echo}</pre>`],
    [200, 'text/html', (echo: string) => echo],
    [200, 'application/json', (echo: string) => JSON.stringify({ unexpected: echo })],
    [302, 'text/plain', (echo: string) => echo],
  ])('shows no secret, path or content of a %d %s', async (status, type, body) => {
    answer = (headers, sent) => ({ status, type, body: body(JSON.stringify(headers) + sent) });
    const error: unknown = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    // validate answers with the backend's words instead of failing.
    const shown = inspect(error, { depth: 10, showHidden: true }).replace(/^ +at .*$/gm, '');
    for (const hidden of [ADMIN_SECRET, TRUST_SECRET, 'secret.js', 'private words', '<pre>']) {
      expect(shown).not.toContain(hidden);
    }
  });
});

it('says nowhere that the caller is an agent', () => {
  expect(seen.length).toBeGreaterThan(0);
  for (const headers of seen) {
    expect(headers['user-agent']).toBe('argus');
    for (const name of ['x-agent-key', 'x-api-key', 'x-destination']) expect(headers).not.toHaveProperty(name);
  }
});

describe('without secrets', () => {
  it('says what is unavailable, and calls nobody for it', async () => {
    const poor = createBackend({ url: 'http://127.0.0.1:1', log: silentLog, clock: systemClock });
    expect(poor.status().unavailable.map(({ tool }) => tool)).toEqual([
      'OVERRIDE_ACTIVATE',
      'OVERRIDE_DEACTIVATE',
      'OVERRIDE_STATUS',
      'GENERATE_PDF',
      'REUSE_STATS',
    ]);
    for (const call of [
      poor.activeOverrides(),
      poor.reuseStats.read(),
      poor.documents.generatePdf({ markdown: 'x' }),
      poor.deactivateOverride('override_1', 'a'),
    ]) {
      await expect(call).rejects.toMatchObject({ failure: 'NOT_CONFIGURED', code: 'BACKEND_REJECTED' });
    }
    expect(poor.trustTokens.verify({})).toEqual({ valid: false, fault: 'UNVERIFIABLE' });
    await poor.close();
  });
});
