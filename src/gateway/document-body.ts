import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { type IncomingMessage } from 'node:http';
import { ArgusError } from '../domain/errors';

/** One file of a form. */
export interface UploadedFile {
  readonly fileName: string;
  readonly bytes: Buffer;
}

/** Bounds of a form with one file. */
export interface FileLimits {
  readonly field: string;
  readonly maxBytes: number;
}

/** What the form around a file may weigh beside it. */
const FORM_BYTES = 16 * 1024;

/**
 * The one file of a multipart/form-data body, in the field asked for; whatever else the form holds is thrown away.
 * @throws ArgusError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, INVALID_INPUT
 */
export function readFile(req: IncomingMessage, { field, maxBytes }: FileLimits): Promise<UploadedFile> {
  const type = req.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', `Send multipart/form-data with the file in the field "${field}".`);
  }
  const tooLarge = new ArgusError('BODY_TOO_LARGE', `${field}: at most ${maxBytes} bytes.`, [field]);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes + FORM_BYTES) throw tooLarge;
  const parser = parserOf(req, type, maxBytes);
  return new Promise((resolve, reject) => {
    let found: Promise<UploadedFile> | null = null;
    const fail = (error: ArgusError): void => {
      // Unpiping keeps the request alive: its socket still has to carry the answer.
      req.unpipe(parser);
      reject(error);
    };
    parser.on('file', (name, stream, fileName) => {
      if (name !== field || found) {
        stream.resume();
        return;
      }
      found = collect(stream, fileName);
      found.catch(() => undefined);
      stream.once('limit', () => fail(tooLarge));
    });
    parser.once('finish', () => {
      if (found) resolve(found);
      else reject(new ArgusError('INVALID_INPUT', `${field}: the form holds no file of this name.`, [field]));
    });
    parser.once('error', () => fail(malformed()));
    req.once('aborted', () => fail(malformed()));
    req.pipe(parser);
  });
}

function parserOf(req: IncomingMessage, type: string, fileSize: number): BusboyInstance {
  const limits = { fileSize, files: 2, fields: 20, fieldSize: 4_096, parts: 22, headerPairs: 50, headerSize: 8_192 };
  try {
    return new Busboy({ headers: { ...req.headers, 'content-type': type }, limits });
  } catch {
    throw malformed();
  }
}

async function collect(stream: BusboyFileStream, fileName: string): Promise<UploadedFile> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return { fileName, bytes: Buffer.concat(chunks) };
}

function malformed(): ArgusError {
  return new ArgusError('INVALID_INPUT', 'The body is not a complete multipart/form-data form.');
}
