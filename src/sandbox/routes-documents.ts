import { setTimeout as sleep } from 'node:timers/promises';

import { isJsonObject } from '../domain/json';
import { type Boot } from './boot';
import { errorPage, type Exchange, type Handler, header, json, type Reply } from './exchange';
import { type JobRow, type JobWork } from './job-book';
import { parseFiles, type UploadedFile } from './multipart';
import { makePdf, readPdf } from './pdf';
import { refuseUntrusted } from './routes-admin';
import { isAgent } from './routes-sanitize';
import { sanitizeText, sanitizeValue } from './sanitizer';
import { firstViolation, object, optional, required, text } from './shape-check';

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const STEP_MS = 40;
const PDF_FIELDS = { data: required(text), trustToken: required(object), metadata: optional(object) };

/** POST /api/documents/upload */
export function upload(boot: Boot): Handler {
  return (exchange) => {
    const { headers, refusal } = boot.uploadLimit.admit(exchange);
    if (refusal) return refusal;
    const file = fileOf(exchange);
    if ('status' in file) return { ...file, headers: { ...file.headers, ...headers } };
    const { sync, ai_transform: ai } = exchange.query;
    const quirks = boot.settings.quirks;
    const asAgent = quirks.agentsAreRefused && isAgent(exchange) && exchange.query.async !== 'true';
    if (sync === 'true' || asAgent) {
      const message = 'An error occurred while processing your PDF';
      const details = 'Cannot mix BigInt and other types, use explicit conversions';
      return json(500, { error: 'Upload failed', message, details }, headers);
    }
    const row = boot.settings.jobs.insert();
    boot.queue.push(row, workOn(boot, row, file.bytes, ai === 'false' && quirks.poisonDocumentCrashes));
    return json(200, { job_id: row.id, status: 'queued', message: 'PDF upload accepted for processing' }, headers);
  };
}

/** POST /api/documents/generate-pdf */
export function generatePdf(boot: Boot): Handler {
  return async (exchange) => {
    const refusal = refuseUntrusted(boot, exchange);
    if (refusal) return refusal;
    const wrong = firstViolation(exchange.body, PDF_FIELDS);
    if (wrong !== null) return json(400, { error: wrong });
    const { data, trustToken, metadata } = exchange.body as { data: string; trustToken: object; metadata?: object };
    const words = Object.entries(metadata ?? {}).filter(([, value]) => typeof value === 'string');
    const body = await makePdf(data, trustToken, Object.fromEntries(words));
    const headers = {
      'Content-Type': 'application/pdf',
      'Content-Disposition': 'attachment; filename="sanitized-document.pdf"',
      'X-Trust-Token-Status': 'embedded',
      'X-PDF-Validation': 'medium',
    };
    return { status: 200, headers, body };
  };
}

/** GET /api/jobs/:id, GET /api/jobs/:id/status */
export function jobStatus(boot: Boot): Handler {
  return (exchange) => {
    const row = findJob(boot, exchange);
    return 'body' in row ? row : asyncJson(shapeOf(row));
  };
}

/** GET /api/jobs/:id/result */
export function jobResult(boot: Boot): Handler {
  return (exchange) => {
    const row = findJob(boot, exchange);
    if ('body' in row) return row;
    const { id: taskId, status, progress, result, completedAt, createdAt } = row;
    if (status !== 'completed') return json(409, { error: 'Job not completed', taskId, status, progress });
    if (!result || completedAt === null) return json(404, { error: 'No result available', taskId });
    const processingTime = completedAt - createdAt;
    return asyncJson({ taskId, status, result, completedAt: iso(completedAt), processingTime });
  };
}

/** DELETE /api/jobs/:id */
export function cancelJob(boot: Boot): Handler {
  return (exchange) => {
    const row = findJob(boot, exchange);
    if ('body' in row) return row;
    const active = row.status === 'queued' || row.status === 'processing';
    boot.settings.jobs.update(row, { status: 'cancelled', message: 'Job cancelled' });
    const message = `Job ${active ? 'cancelled' : 'deleted'} successfully`;
    return asyncJson({ taskId: row.id, status: 'cancelled', message });
  };
}

function fileOf(exchange: Exchange): UploadedFile | Reply {
  const type = header(exchange, 'content-type') ?? '';
  const none = { error: 'No file uploaded', message: 'Please provide a PDF file to upload' };
  if (!type.startsWith('multipart/form-data')) return json(400, none);
  const files = parseFiles(exchange.raw, type);
  if (!files) return errorPage(500, 'Error: Unexpected end of form');
  const first = files[0];
  if (!first) return json(400, none);
  if (first.field !== 'file') return errorPage(500, 'MulterError: Unexpected field');
  if (files.length > 1) return errorPage(500, 'MulterError: Too many files');
  if (first.type !== 'application/pdf') return errorPage(500, 'Error: Only PDF files are allowed');
  if (first.bytes.length > MAX_FILE_BYTES) return errorPage(500, 'MulterError: File too large');
  return first;
}

function workOn(boot: Boot, row: JobRow, bytes: Uint8Array, poisoned: boolean): JobWork {
  return async (report) => {
    const startedAt = performance.now();
    report(10, 'Parsing PDF file');
    if (poisoned) throw new TypeError('The "data" argument must be of type string. Received an instance of Object');
    const { text: content, metadata } = await readPdf(bytes).catch(() => {
      throw new Error('Failed to extract text from PDF: bad XRef entry');
    });
    for (const [progress, step] of STEPS) {
      report(progress, step);
      await sleep(STEP_MS);
    }
    const value = parseJson(content);
    if (value !== undefined) logEscalation(boot, row, content);
    const sanitizedData = value === undefined ? sanitizeText(content) : sanitizeValue(value);
    const processingTime = Math.round(performance.now() - startedAt);
    return { sanitizedData, appliedRules: [], processingTime, status: 'processed', metadata };
  };
}

const STEPS = [
  [40, 'Converting to Markdown'],
  [40, 'Sanitizing content'],
  [70, 'Applying AI structure transformation'],
] as const;

/** The one kind of line about learning that this release still writes: for a document whose text is JSON. */
function logEscalation({ audit }: Boot, row: JobRow, content: string): void {
  const kind = classify(content);
  const details = {
    escalationId: `hitl_${row.id}_sanitization`,
    triggerConditions: kind ? ['malicious_payload_detected', kind.name] : [],
    decisionRationale: kind
      ? `Malicious Payload Detected (${kind.name}): ${content.trim()}`
      : 'No malicious payload detected',
    riskLevel: kind?.risk ?? 'Low',
    resourceInfo: { resourceId: row.id, type: 'job_result' },
  };
  audit.operation('hitl_escalation_decision', details, {
    logger: 'HITLEscalationLogger',
    severity: 'warning',
    stage: 'security_logging',
    userId: 'system',
    sessionId: row.id,
    resourceId: row.id,
    resourceType: 'job_result',
  });
}

function classify(content: string): { readonly name: string; readonly risk: string } | null {
  if (/<script|javascript:|onerror/i.test(content)) return { name: 'xss_attempt', risk: 'Critical' };
  if (/present/i.test(content) && /phone|email|ssn/i.test(content)) return { name: 'pii_data_leakage', risk: 'High' };
  if (/zero.?width|invisible|control.?character/i.test(content)) return { name: 'stealth_malware', risk: 'High' };
  return /suspicious|malicious/i.test(content) ? { name: 'suspicious_content', risk: 'Medium' } : null;
}

function findJob({ settings }: Boot, { path }: Exchange): JobRow | Reply {
  const taskId = path.split('/')[3] ?? '';
  if (!/^[a-zA-Z0-9_]+$/.test(taskId)) return json(400, { error: 'Invalid taskId format' });
  const row = settings.jobs.rows.get(taskId);
  if (!row) return json(404, { error: 'Job not found', taskId });
  if (row.expiresAt > settings.now()) return row;
  return json(410, { error: 'Job has expired', taskId, expiredAt: iso(row.expiresAt) });
}

function shapeOf(row: JobRow): object {
  const { id: taskId, status, progress, message, result, completedAt } = row;
  return {
    taskId,
    status,
    progress,
    message,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    expiresAt: iso(row.expiresAt),
    ...(result && { result }),
    ...(completedAt !== null && { completedAt: iso(completedAt) }),
    ...(status === 'processing' && progress > 0 && { estimatedCompletion: iso(row.updatedAt + 5_000) }),
  };
}

function asyncJson(value: object): Reply {
  return json(200, value, { 'X-API-Version': '1.1', 'X-Async-Processing': 'true' });
}

function parseJson(content: string): unknown {
  try {
    const value: unknown = JSON.parse(content);
    return isJsonObject(value) || Array.isArray(value) || typeof value === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
