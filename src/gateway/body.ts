import { type IncomingMessage } from 'node:http';
import { ArgusError } from '../domain/errors';

/** Reads a whole request body as JSON in UTF-8, strictly: of the right type, unencoded, at most `limitBytes`. */
export async function readJsonBody(req: IncomingMessage, limitBytes: number): Promise<unknown> {
  requireJson(req.headers['content-type']);
  requireUnencoded(req.headers['content-encoding']);
  const text = decodeUtf8(await readBytes(req, limitBytes));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ArgusError('INVALID_JSON', 'The request body is not valid JSON.', undefined, { cause: error });
  }
}

/** UTF-8 bytes as text; throws INVALID_ENCODING instead of replacing what it cannot read. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ArgusError('INVALID_ENCODING', 'The request body is not valid UTF-8.', undefined, { cause: error });
  }
}

async function readBytes(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the request: its socket still has to carry the answer.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(limitBytes: number): ArgusError {
  return new ArgusError('BODY_TOO_LARGE', `The request body is larger than ${limitBytes} bytes.`);
}

function requireJson(contentType: string | undefined): void {
  const [type, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (type !== 'application/json') {
    throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', 'Send the request with content-type application/json.');
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', 'Only the charset utf-8 is accepted.');
  }
}

function requireUnencoded(contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity') {
    throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', 'Send the request body without content-encoding.');
  }
}
