import { ArgusError } from '../domain/errors';
import { hasRole } from '../domain/role';
import { readFile, type UploadedFile } from './document-body';
import { answerJson } from './http-answer';
import { type Route } from './router';

/** A document that the backend has taken. */
export interface TakenDocument {
  /** Follow it with Query.backendJob. */
  readonly jobId: string;
  /** SHA-256 of the file, hex. */
  readonly contentHash: string;
}

/** Hands a document to the backend; what it throws is the answer. */
export type TakeDocument = (file: UploadedFile) => Promise<TakenDocument>;

const FIELD = 'file';
const MAX_BYTES = 10 * 1024 * 1024;
const PDF_MAGIC = '%PDF-';

/**
 * POST /documents: a PDF of at most 10 MiB as the field `file` of a multipart/form-data body. Answers 202 and
 * `{jobId, contentHash}`. Never tried again by itself: each upload is another job.
 */
export function createDocumentRoute(take: TakeDocument): Route {
  return {
    methods: ['POST'],
    pattern: '/documents',
    authenticated: true,
    handler: async (req, res, { principal }) => {
      if (!principal || !hasRole(principal.role, 'RESPONDER')) {
        const role = principal?.role ?? 'none';
        throw new ArgusError('FORBIDDEN', `Uploading documents needs the role RESPONDER; yours is ${role}.`);
      }
      const file = await readFile(req, { field: FIELD, maxBytes: MAX_BYTES });
      if (file.bytes.subarray(0, PDF_MAGIC.length).toString('latin1') !== PDF_MAGIC) {
        throw new ArgusError('UNSUPPORTED_MEDIA_TYPE', `${FIELD}: not a PDF; one begins with ${PDF_MAGIC}`, [FIELD]);
      }
      const { jobId, contentHash } = await take(file);
      answerJson(res, 202, { jobId, contentHash });
    },
  };
}
