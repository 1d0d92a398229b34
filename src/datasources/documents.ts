import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

import { malformed } from './answer-error';
import { BackendError } from './backend-error';
import { type Health } from './health';
import { type BackendHttp } from './http';
import { type DocumentResult, type Jobs, type WaitOptions } from './jobs';
import { type Quarantine } from './quarantine';
import { type CallPurpose } from './rate-budget';
import { fittingJson, invalid } from './request-body';
import { type TrustTokens } from './trust-tokens';

export interface DocumentUpload {
  /** A PDF of at most 10 MiB. */
  readonly bytes: Uint8Array;
  /** Shown nowhere by the backend; any text. */
  readonly fileName?: string;
  /** RESPONSE may use the reserved share of the rate budget. */
  readonly purpose?: CallPurpose;
}

export interface AcceptedDocument {
  readonly jobId: string;
  /** SHA-256 of the file, hex. */
  readonly contentHash: string;
}

export interface PdfRequest {
  /** Markdown: headings, lists, code fences. Not empty; about 100 KB at most. */
  readonly markdown: string;
  readonly title?: string;
  readonly author?: string;
  readonly subject?: string;
  readonly keywords?: string;
}

/** Largest document the backend takes, bytes, inclusive. */
export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

const PDF_MAGIC = Buffer.from('%PDF-');
const acceptedSchema = z.object({ job_id: z.string().regex(/^\w{1,128}$/) });

/** PDFs in, to be read and sanitised, and PDFs out. */
export class Documents {
  constructor(
    private readonly http: BackendHttp,
    private readonly jobs: Jobs,
    private readonly tokens: TrustTokens,
    private readonly quarantine: Quarantine,
    private readonly health: Health,
  ) {}

  /**
   * Hands a PDF to the backend's job queue. Never tried again: each upload is another job, and some documents kill the
   * backend. A document after which nobody answers is quarantined, and its next upload fails with QUARANTINED.
   */
  async upload({ bytes, fileName = 'document.pdf', purpose = 'RESPONSE' }: DocumentUpload): Promise<AcceptedDocument> {
    const tool = 'DOCUMENT_UPLOAD';
    if (bytes.length > MAX_DOCUMENT_BYTES) throw invalid(tool, `the document exceeds ${MAX_DOCUMENT_BYTES} bytes`);
    if (!PDF_MAGIC.equals(bytes.subarray(0, PDF_MAGIC.length))) throw invalid(tool, 'the document is not a PDF');
    const contentHash = createHash('sha256').update(bytes).digest('hex');
    if (this.quarantine.has(contentHash)) {
      const message = 'the document is quarantined: the backend was lost, or its job failed, after it was uploaded';
      throw new BackendError(tool, 'QUARANTINED', message);
    }
    this.quarantine.risk(contentHash, tool);
    const raw = multipart(bytes, fileName);
    const call = { tool, method: 'POST', path: '/api/documents/upload', raw, purpose } as const;
    try {
      const { job_id: jobId } = await this.http.json(call, acceptedSchema);
      this.jobs.remember(jobId, contentHash);
      return { jobId, contentHash };
    } catch (error) {
      // A lost connection may be a lost backend: asking for its health tells, and quarantines if so.
      const lost = error instanceof BackendError && error.failure === 'CONNECTION_LOST';
      if (lost) await this.health.check().catch(() => undefined);
      throw error;
    }
  }

  /** Uploads a PDF and waits for its sanitised text; fails as `upload` and `Jobs.wait` do. */
  async process(upload: DocumentUpload, wait: WaitOptions = {}): Promise<DocumentResult> {
    const { jobId } = await this.upload(upload);
    return await this.jobs.wait(jobId, wait);
  }

  /** A PDF of the given text, with a trust token about it in its keywords. NOT_CONFIGURED without the shared secret. */
  async generatePdf({ markdown, ...metadata }: PdfRequest): Promise<Buffer> {
    const tool = 'GENERATE_PDF';
    if (markdown === '') throw invalid(tool, 'its text is empty');
    const trustToken = this.tokens.mint(tool, markdown);
    const json = fittingJson(tool, { data: markdown, trustToken, metadata });
    const headers = { 'x-trust-token': JSON.stringify(trustToken) };
    const path = '/api/documents/generate-pdf';
    return await this.http.send({ tool, method: 'POST', path, headers, json, purpose: 'RESPONSE' }, (answer) => {
      const isPdf = PDF_MAGIC.equals(answer.body.subarray(0, PDF_MAGIC.length));
      if (answer.contentType !== 'application/pdf' || !isPdf) throw malformed(tool, 'not a PDF', answer.status);
      return answer.body;
    });
  }
}

function multipart(bytes: Uint8Array, fileName: string): { readonly type: string; readonly bytes: Uint8Array } {
  const boundary = `argus-${randomBytes(16).toString('hex')}`;
  const name = fileName.replace(/[^\w .-]/gu, '_').slice(0, 100);
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
    'Content-Type: application/pdf\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head, 'latin1'), bytes, Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')]);
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: body };
}
