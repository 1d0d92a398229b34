import { isJsonObject } from '../domain/json';
import { type Boot } from './boot';
import { triggersAsync } from './auto-async';
import { type Exchange, type Handler, header, json, type Reply } from './exchange';
import { writeHistoricLines } from './historic-lines';
import { dropReports, sanitizeText, sanitizeValue } from './sanitizer';
import { firstViolation, flag, object, oneOf, optional, required, text, texts } from './shape-check';
import { sha256 } from './trust';

const AGENT = /BMad-Agent|SecurityAgent|AutonomousAgent/;
const KEY_STYLES = ['camelCase', 'snake_case', 'kebab-case', 'PascalCase'];

const SANITIZE_JSON_FIELDS = {
  content: required(text),
  classification: optional((value) => (typeof value === 'string' ? null : 'must be a string')),
  trustToken: optional(object),
  async: optional(flag),
  transform: optional(flag),
  ai_transform: optional(flag),
  transformOptions: optional(object),
  outputFormat: optional(oneOf('structure', 'json', 'yaml', 'xml')),
};
const TOKEN_FIELDS = {
  contentHash: required(text),
  originalHash: required(text),
  sanitizationVersion: required(text),
  rulesApplied: required(texts),
  timestamp: required(text),
  expiresAt: required(text),
  signature: required(text),
  nonce: required(text),
};
const DATA_FIELDS = { data: required(text) };

/** True when the caller says that it is an agent. */
export function isAgent(exchange: Exchange): boolean {
  const keys = [header(exchange, 'x-agent-key'), header(exchange, 'x-api-key')];
  return keys.some((key) => key?.startsWith('agent-')) || AGENT.test(header(exchange, 'user-agent') ?? '');
}

/** POST /api/sanitize */
export function sanitize(boot: Boot): Handler {
  return ({ body }) => {
    const startedAt = performance.now();
    const data: unknown = isJsonObject(body) ? body.data : undefined;
    const sanitizedData = data ? sanitizeValue(data) : '';
    if (typeof data === 'string') record(boot, data, String(sanitizedData), performance.now() - startedAt);
    return json(200, { sanitizedData });
  };
}

/** POST /api/webhook/n8n: an echo of the sanitised text. */
export function n8n(): Handler {
  return ({ body }) => {
    const wrong = firstViolation(body, DATA_FIELDS);
    if (wrong !== null) return json(400, { error: wrong });
    const once = sanitizeText((body as { data: string }).data);
    return json(200, { result: { sanitizedData: sanitizeText(`Processed: ${once}`) } });
  };
}

/** POST /api/trust-tokens/validate */
export function validateToken({ trust }: Boot): Handler {
  return ({ body }) => {
    const wrong = firstViolation(body, TOKEN_FIELDS);
    if (wrong !== null) return json(400, { error: wrong });
    const { valid, error } = trust.check(body);
    if (valid) return json(200, { valid: true, message: 'Trust token is valid' });
    return json(error === 'Token has expired' ? 410 : 400, { valid: false, error });
  };
}

/** POST /api/sanitize/json */
export function sanitizeJson(boot: Boot): Handler {
  return (exchange) => {
    const { headers, refusal } = boot.sanitizeLimit.admit(exchange);
    if (refusal) return refusal;
    const asAgent = boot.settings.quirks.agentsAreRefused && isAgent(exchange) && exchange.query.async !== 'true';
    const body = isJsonObject(exchange.body) ? exchange.body : {};
    const merged: Readonly<Record<string, unknown>> = { ...body, ...exchange.query, ...(asAgent && { sync: 'true' }) };
    const wrong = firstViolation(merged, SANITIZE_JSON_FIELDS) ?? wrongKeyStyle(merged);
    if (wrong !== null) return json(400, { error: wrong }, headers);
    const content = String(merged.content);
    if (isTrue(merged.async) || triggersAsync(content)) return queueText(boot, content, headers);
    return json(200, sanitizeNow(boot, content, merged), headers);
  };
}

function sanitizeNow(boot: Boot, content: string, request: Readonly<Record<string, unknown>>): object {
  const startedAt = performance.now();
  const token = request.trustToken;
  const tokenOk = token !== undefined && boot.trust.check(token).valid && sha256(content) === hashIn(token);
  const tokenMs = performance.now() - startedAt;
  const sanitized = tokenOk ? content : sanitizeText(content);
  const tookMs = performance.now() - startedAt;
  boot.counters.count(token === undefined ? null : tokenOk, tookMs);
  record(boot, content, sanitized, tookMs);
  const timed = { totalTimeMs: tookMs, tokenValidationTimeMs: token === undefined ? 0 : tokenMs };
  const common = {
    originalLength: content.length,
    sanitizedLength: sanitized.length,
    timestamp: new Date(boot.settings.now()).toISOString(),
    reused: tokenOk,
  };
  if (tokenOk) {
    const metadata = { ...common, performance: { ...timed, timeSavedMs: 50 } };
    return { sanitizedContent: content, trustToken: token, metadata };
  }
  const fallback = { aiProcessed: true, aiTransformType: 'structure', fallback: true, reason: 'ai_error' };
  const aiProcessing = isTrue(request.ai_transform) ? fallback : {};
  return { sanitizedContent: dropReports(sanitized), metadata: { ...common, aiProcessing, performance: timed } };
}

function record({ settings, audit }: Boot, content: string, sanitized: string, tookMs: number): void {
  if (!settings.quirks.historicAuditLines) return;
  const requestId = `req_${settings.now()}_${Math.random().toString(36).slice(2, 8)}`;
  writeHistoricLines(audit, { content, sanitized, tookMs, requestId }, settings.now());
}

function queueText({ settings, queue }: Boot, content: string, headers: Readonly<Record<string, string>>): Reply {
  const row = settings.jobs.insert();
  const answer = { taskId: row.id, status: 'processing', estimatedTime: 5000 };
  const asyncHeaders = { ...headers, 'X-API-Version': '1.1', 'X-Async-Processing': 'true' };
  if (!settings.quirks.asyncTextCrashes) {
    queue.push(row, () => Promise.resolve({ sanitizedData: sanitizeText(content), status: 'processed' }));
    return json(202, answer, asyncHeaders);
  }
  const die = (): void => {
    const message = 'SQLITE_CONSTRAINT: NOT NULL constraint failed: job_results.result';
    settings.jobs.update(row, { status: 'failed', message });
    settings.crash();
  };
  return { ...json(202, answer, asyncHeaders), after: () => void setTimeout(die, 20).unref() };
}

function wrongKeyStyle(body: Readonly<Record<string, unknown>>): string | null {
  const options = body.transformOptions;
  const style: unknown = isJsonObject(options) ? options.normalizeKeys : undefined;
  if (style === undefined || isJsonObject(style) || KEY_STYLES.some((known) => known === style)) return null;
  return `"transformOptions.normalizeKeys" must be one of [${KEY_STYLES.join(', ')}, object]`;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function hashIn(token: unknown): unknown {
  return isJsonObject(token) ? token.contentHash : undefined;
}
