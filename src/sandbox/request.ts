import { type IncomingMessage } from 'node:http';

import { type Exchange } from './exchange';

/** A body that the framework refuses before any route sees it. */
export class BodyError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const JSON_LIMIT = 102_400;
const UPLOAD_LIMIT = 12 * 1024 * 1024;

/** Reads a request to its end and parses its body as the framework does; throws `BodyError` for a body it refuses. */
export async function readExchange(request: IncomingMessage): Promise<Exchange> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const type = (request.headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
  const parsed = type === 'application/json' || type === 'application/x-www-form-urlencoded';
  const raw = await readBody(request, parsed ? JSON_LIMIT : UPLOAD_LIMIT);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    ip: request.socket.remoteAddress ?? '',
    raw,
    body: parsed ? parseBody(raw, type) : {},
  };
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is over the limit is read and dropped, so that the answer arrives.
    if (bytes <= limit) chunks.push(chunk);
  }
  if (bytes > limit) throw new BodyError(413, 'PayloadTooLargeError: request entity too large');
  return Buffer.concat(chunks);
}

function parseBody(raw: Buffer, type: string): unknown {
  const text = raw.toString('utf8');
  if (text === '') return {};
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BodyError(400, `SyntaxError: ${error instanceof Error ? error.message : 'broken JSON'}`);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new BodyError(400, `SyntaxError: Unexpected token ${text.slice(0, 1)} in JSON at position 0`);
}
