import { createReadStream } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ArgusError } from '../domain/errors';
import { hasRole, type Principal } from '../domain/role';
import { parseRange } from './byte-range';
import { type Route } from './router';

/** A file to hand out. */
export interface ExportFile {
  readonly path: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The files there are, and the signatures that open them. */
export interface ExportFiles {
  find(id: string): Promise<ExportFile | null>;
  isSigned(id: string, expires: string, signature: string): Promise<boolean>;
}

/** Who sends this Authorization header; throws UNAUTHENTICATED. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * GET and HEAD /exports/{id}: a file, whole or one range of it, for holders of its signed link
 * (`?expires=…&signature=…`) or of a key with the role ANALYST.
 */
export function createExportRoute(files: ExportFiles, authenticate: Authenticate): Route {
  return {
    methods: ['GET', 'HEAD'],
    pattern: '/exports/:id',
    handler: async (req, res, { params, search }) => {
      const { id = '' } = params;
      await admit({ id, search, authorization: req.headers.authorization }, files, authenticate);
      const file = ID.test(id) ? await files.find(id) : null;
      if (!file) throw new ArgusError('NOT_FOUND', 'There is no such export, or it has expired.');
      await send(req, res, file);
    },
  };
}

async function admit(
  { id, search, authorization }: { id: string; search: string; authorization: string | undefined },
  files: ExportFiles,
  authenticate: Authenticate,
): Promise<void> {
  const query = new URLSearchParams(search);
  const [expires, signature] = [query.get('expires'), query.get('signature')];
  if (expires !== null && signature !== null) {
    if (await files.isSigned(id, expires, signature)) return;
    if (authorization === undefined) throw new ArgusError('FORBIDDEN', 'This link is not valid or has expired.');
  }
  const { role } = await authenticate(authorization);
  if (!hasRole(role, 'ANALYST')) throw new ArgusError('FORBIDDEN', `This needs the role ANALYST; yours is ${role}.`);
}

async function send(req: IncomingMessage, res: ServerResponse, file: ExportFile): Promise<void> {
  const etag = `"${file.sha256}"`;
  const ifRange = req.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? parseRange(req.headers.range, file.bytes) : null;
  res.setHeader('accept-ranges', 'bytes');
  res.setHeader('etag', etag);
  if (range === 'UNSATISFIABLE') {
    res.statusCode = 416;
    res.setHeader('content-range', `bytes */${file.bytes}`);
    res.setHeader('content-length', 0);
    res.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  res.statusCode = range ? 206 : 200;
  if (range) res.setHeader('content-range', `bytes ${start}-${end}/${file.bytes}`);
  res.setHeader('content-type', file.mediaType);
  res.setHeader('content-length', end - start + 1);
  res.setHeader('content-disposition', `attachment; filename="${file.fileName.replace(/[^\w.-]/g, '_')}"`);
  if (req.method === 'HEAD' || file.bytes === 0) res.end();
  else await pipeline(createReadStream(file.path, { start, end }), res);
}
