import { type IncomingMessage } from 'node:http';
import { type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { INGEST_LIMITS, type IngestReport, type IngestService, type IngestSession, LineSplitter } from '../agent/index';
import { ArgusError } from '../domain/errors';
import { hasRole } from '../domain/role';
import { answerError, answerJson } from './http-answer';
import { type Route } from './router';

const MEDIA_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/json']);
const MAX_KEY = 200;
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * POST /ingest/{stream}: NDJSON, gzip allowed, read as a stream and held back while the store is slower. Answers
 * `{accepted, duplicates, rejected: [{line, code, message}], rejectedCount}` when everything accepted is durable. When
 * the body breaks off or is too large, the answer is the error with the same counts: what they say is durable too.
 * `Idempotency-Key` makes records without an id distinct by their line, and the same body sent again all duplicates.
 */
export function createIngestRoute(ingest: IngestService): Route {
  return {
    methods: ['POST'],
    pattern: '/ingest/:stream',
    authenticated: true,
    handler: async (req, res, { params, principal, requestId }) => {
      if (!principal || !hasRole(principal.role, 'ANALYST')) {
        throw new ArgusError('FORBIDDEN', `Ingesting needs the role ANALYST; yours is ${principal?.role ?? 'none'}.`);
      }
      const session = ingest.open(params.stream ?? '', idempotencyKeyOf(req));
      const body = bodyOf(req);
      try {
        await readLines(body, session);
      } catch (error) {
        const report = await session.finish();
        const known = toArgusError(error);
        req.unpipe();
        if (body !== req) body.destroy();
        const text = JSON.stringify({ error: { ...known.toProblem(), requestId }, ...report });
        answerError({ req, res, error: known, requestId, format: () => ({ contentType: JSON_TYPE, body: text }) });
        return;
      }
      const report: IngestReport = await session.finish();
      answerJson(res, 200, report);
    },
  };
}

function idempotencyKeyOf(req: IncomingMessage): string | null {
  const key = req.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key.length >= 1 && key.length <= MAX_KEY) return key;
  throw new ArgusError('INVALID_INPUT', `Idempotency-Key: 1 to ${MAX_KEY} characters.`, ['Idempotency-Key']);
}

function bodyOf(req: IncomingMessage): Readable {
  const type = (req.headers['content-type'] ?? 'application/x-ndjson').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPES.has(type)) {
    throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', 'Send application/x-ndjson: one JSON object a line.');
  }
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > INGEST_LIMITS.bodyBytes) throw tooLarge();
  const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return req;
  if (encoding !== 'gzip') throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding: gzip or none.');
  const gunzip = createGunzip();
  req.once('error', (error) => gunzip.destroy(error));
  req.once('aborted', () => gunzip.destroy(new Error('aborted')));
  return req.pipe(gunzip);
}

async function readLines(body: Readable, session: IngestSession): Promise<void> {
  const splitter = new LineSplitter(INGEST_LIMITS.lineBytes);
  let bytes = 0;
  // Leaving the loop must not destroy the request: its connection still has to carry the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > INGEST_LIMITS.bodyBytes) throw tooLarge();
    for (const line of splitter.push(chunk)) await session.line(line);
    await session.flush();
  }
  for (const line of splitter.end()) await session.line(line);
}

function tooLarge(): ArgusError {
  return new ArgusError(
    'BODY_TOO_LARGE',
    `A body has at most ${INGEST_LIMITS.bodyBytes} bytes, unpacked; send several.`,
  );
}

function toArgusError(error: unknown): ArgusError {
  if (error instanceof ArgusError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('Z_')) return new ArgusError('INVALID_ENCODING', 'The body is not valid gzip.');
  return new ArgusError('INVALID_ENCODING', 'The body broke off.', undefined, { cause: error });
}
