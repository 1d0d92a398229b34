import { mintToken, sha256 } from '../../../src/datasources/trust-tokens';
import { type House, startHouse, until } from './house';

interface Made {
  readonly url: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly sha256: string;
}

let house: House;

beforeAll(async () => {
  house = await startHouse();
}, 60_000);

afterAll(() => house.stop());

const PROBLEMS = 'problems { code message path ... on BackendProblem { tool failure status retryable } }';

describe('sanitising', () => {
  it('hands a text to the backend and answers what an LLM may read', async () => {
    const query = `mutation ($input: SanitizeTextInput!) { sanitizeText(input: $input) { text ${PROBLEMS} } }`;
    const { sanitizeText } = await house.ask(query, { input: { text: 'a\u200bb mail a@b.com' } });
    expect(sanitizeText.problems).toEqual([]);
    expect(sanitizeText.text).toContain('ab mail');
    expect(sanitizeText.text).not.toContain('\u200b');
  });

  it('refuses what is larger than the backend takes, with the field and the limit', async () => {
    const query = `mutation ($input: SanitizeTextInput!) { sanitizeText(input: $input) { text ${PROBLEMS} } }`;
    const { sanitizeText } = await house.ask(query, { input: { text: 'é'.repeat(60_000) } });
    expect(sanitizeText).toMatchObject({
      text: null,
      problems: [{ code: 'INVALID_INPUT', path: ['input', 'text'] }],
    });
    expect(sanitizeText.problems[0].message).toContain('101376');
  });

  const JSON_QUERY = `mutation ($input: SanitizeJsonInput!) { sanitizeJson(input: $input) {
    result { content route reused tokenFault ai { attempted fallback } tookMs at } job { id status } ${PROBLEMS} } }`;

  it('sanitises content through the JSON endpoint', async () => {
    const { sanitizeJson } = await house.ask(JSON_QUERY, { input: { content: 'plain words', classification: 'test' } });
    expect(sanitizeJson).toMatchObject({
      result: { route: 'SANITIZE_JSON', reused: false, tokenFault: null, ai: { attempted: false } },
      job: null,
      problems: [],
    });
    expect(sanitizeJson.result.content).toContain('plain words');
  });

  it('reuses a trust token that holds, and says why it did not use one that does not', async () => {
    const content = 'known to be clean';
    const trustToken = mintToken(content, house.trustSecret, Date.now());
    const { sanitizeJson: good } = await house.ask(JSON_QUERY, { input: { content, trustToken } });
    expect(good.result).toMatchObject({ content, reused: true, tokenFault: null });
    const { sanitizeJson: bad } = await house.ask(JSON_QUERY, { input: { content: 'other', trustToken } });
    expect(bad.result).toMatchObject({ reused: false, tokenFault: 'CONTENT_MISMATCH' });
  });

  it('will not queue text as a job at a backend that dies of it', async () => {
    const { sanitizeJson } = await house.ask(JSON_QUERY, { input: { content: 'x', asJob: true } });
    expect(sanitizeJson).toMatchObject({
      result: null,
      job: null,
      problems: [{ code: 'BACKEND_REJECTED', tool: 'SANITIZE_JSON', failure: 'NOT_CONFIGURED', retryable: false }],
    });
  });
});

it('validates a trust token here and at the backend', async () => {
  const query = `mutation ($input: ValidateTrustTokenInput!) { validateTrustToken(input: $input) {
    validation { valid fault backendSaysValid backendMessage } ${PROBLEMS} } }`;
  const token = mintToken('text', house.trustSecret, Date.now());
  const { validateTrustToken: good } = await house.ask(query, { input: { token, content: 'text' } });
  expect(good).toMatchObject({ validation: { valid: true, fault: null, backendSaysValid: true }, problems: [] });
  const forged = { ...token, signature: sha256('forged') };
  const { validateTrustToken: bad } = await house.ask(query, { input: { token: forged } });
  expect(bad.validation).toMatchObject({ valid: false, fault: 'BAD_SIGNATURE', backendSaysValid: false });
});

describe('the workflow', () => {
  const query = `mutation ($input: TriggerN8nWebhookInput!) { triggerN8nWebhook(input: $input) { result ${PROBLEMS} } }`;

  it('is started and answers its result', async () => {
    const { triggerN8nWebhook } = await house.ask(query, { input: { data: 'hello flow' } });
    expect(triggerN8nWebhook.problems).toEqual([]);
    expect(triggerN8nWebhook.result).toContain('hello flow');
  });

  it('is for responders', async () => {
    const analyst = await house.keyOf('ANALYST');
    await expect(house.ask(query, { input: { data: 'x' } }, analyst)).rejects.toThrow('FORBIDDEN');
  });
});

it('tells how the backend is doing, tool by tool', async () => {
  const { backend } = await house.ask(
    '{ backend { origin quarantined jobQueue { state since } health { status } tools { tool breaker active attempts } } }',
  );
  expect(backend).toMatchObject({ origin: house.backendUrl, quarantined: 0, health: { status: 'healthy' } });
  expect(backend.tools).toContainEqual(
    expect.objectContaining({ tool: 'SANITIZE_TEXT', breaker: 'CLOSED', active: 0 }),
  );
});

describe('made files', () => {
  const PDF = `mutation ($input: GeneratePdfInput!) { generatePdf(input: $input) {
    export { url urlExpiresAt fileName mediaType bytes sha256 } ${PROBLEMS} } }`;

  it('hands out a PDF, whole, in ranges, and to nobody with a broken link', async () => {
    const { generatePdf } = await house.ask(PDF, { input: { markdown: '# Title\n\nHello', title: 'A test' } });
    expect(generatePdf.problems).toEqual([]);
    const { url, bytes, mediaType, sha256: hash }: Made = generatePdf.export;
    const whole = await fetch(house.url + url);
    const body = Buffer.from(await whole.arrayBuffer());
    expect([whole.status, body.length, mediaType]).toEqual([200, bytes, 'application/pdf']);
    expect(body.subarray(0, 5).toString()).toBe('%PDF-');
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="document.pdf"');
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
    expect(whole.headers.get('etag')).toBe(`"${hash}"`);
    const part = await fetch(house.url + url, { headers: { range: 'bytes=1-3' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'PDF',
      `bytes 1-3/${bytes}`,
    ]);
    const tail = await fetch(house.url + url, { headers: { range: 'bytes=-2' } });
    expect(Buffer.from(await tail.arrayBuffer())).toEqual(body.subarray(-2));
    expect((await fetch(house.url + url, { headers: { range: `bytes=${bytes}-` } })).status).toBe(416);
    expect((await fetch(house.url + url.replace(/.$/, (last: string) => (last === '0' ? '1' : '0')))).status).toBe(403);
    expect((await fetch(house.url + url.replace(/expires=\d+/, 'expires=9999999999'))).status).toBe(403);
    const bare = house.url + url.replace(/\?.*/, '');
    expect((await fetch(bare)).status).toBe(401);
    expect((await fetch(bare, { headers: { authorization: `Bearer ${house.key}` } })).status).toBe(200);
    const viewer = await house.keyOf('VIEWER');
    expect((await fetch(bare, { headers: { authorization: `Bearer ${viewer}` } })).status).toBe(403);
  });
});

it('waits for nothing that is not there', async () => {
  const { backendJob } = await until(() => house.ask('{ backendJob(id: "42") { status } }'), 'an answer');
  expect(backendJob).toBeNull();
});

it('takes no events from others into the streams that are its own', async () => {
  const response = await fetch(`${house.url}/ingest/argus.backend`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.key}`, 'content-type': 'application/x-ndjson' },
    body: '{}\n',
  });
  expect([response.status, await response.json()]).toMatchObject([403, { error: { code: 'FORBIDDEN' } }]);
});

it('opens an override, shows it live, and ends it; and reads how tokens are reused', async () => {
  const { activateOverride } = await house.ask(`mutation { activateOverride(input: {
    justification: "a test of every tool", duration: "PT2M" }) { override { id endsAt } ${PROBLEMS} } }`);
  expect(activateOverride.problems).toEqual([]);
  const live = '{ backend { overrides { justification endsAt } reuseStats { health totalRequests } } }';
  const { backend } = await house.ask(live);
  expect(backend.overrides).toEqual([
    { justification: expect.stringContaining('a test of every tool'), endsAt: expect.any(String) },
  ]);
  expect(backend.reuseStats).toMatchObject({ health: expect.any(String) });
  const { deactivateOverride } = await house.ask(
    `mutation ($id: ID!) { deactivateOverride(input: { id: $id }) { override { deactivatedAt } ${PROBLEMS} } }`,
    { id: activateOverride.override.id },
  );
  expect(deactivateOverride).toMatchObject({ override: { deactivatedAt: expect.any(String) }, problems: [] });
  expect((await house.ask(live)).backend.overrides).toEqual([]);
});
