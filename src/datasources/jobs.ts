import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { type Clock } from '../agent/ports';
import { BackendError, type BackendTool } from './backend-error';
import { looseNumber, looseText, looseTime, strictTime } from './decoders';
import { parseJson, type BackendHttp } from './http';
import { type Quarantine } from './quarantine';
import { type CallPurpose } from './rate-budget';
import { invalid } from './request-body';

export const BACKEND_JOB_STATUSES = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type BackendJobStatus = (typeof BACKEND_JOB_STATUSES)[number];

/** What the backend made of a document. */
export interface DocumentResult {
  /** The sanitised text; JSON text where the document itself was JSON. */
  readonly content: string;
  readonly pages: number | null;
  readonly title: string | null;
  readonly author: string | null;
  readonly subject: string | null;
  readonly creator: string | null;
  readonly producer: string | null;
  /** As in the PDF, e.g. `D:20070223175637+02'00'`. */
  readonly creationDate: string | null;
  readonly modificationDate: string | null;
  /** ms, by the backend's own measure. */
  readonly processingMs: number | null;
}

export interface BackendJob {
  readonly id: string;
  readonly status: BackendJobStatus;
  /** 0 … 100; a completed job may stay at 40 or 70. */
  readonly progress: number | null;
  readonly message: string | null;
  /** Times are ms since 1970-01-01 UTC. */
  readonly createdAt: number;
  readonly updatedAt: number | null;
  readonly expiresAt: number | null;
  readonly completedAt: number | null;
  readonly result: DocumentResult | null;
}

/** UNKNOWN until a job has been watched. STUCK: a job has waited too long for its turn, whatever health says. */
export interface JobQueueStatus {
  readonly state: 'UNKNOWN' | 'MOVING' | 'STUCK';
  /** Since when the state holds, ms since 1970-01-01 UTC. */
  readonly since: number | null;
}

export type CancelOutcome = 'CANCELLED' | 'DELETED' | 'NOT_FOUND';

export interface WaitOptions {
  /** Longest to wait in all, ms. */
  readonly timeoutMs?: number;
  /** Longest that the job may stay queued before the queue is taken to be stuck, ms. */
  readonly queuedMs?: number;
}

const JOB_ID = /^\w{1,128}$/;
const FIRST_POLL_MS = 250;
const SLOWEST_POLL_MS = 2_000;
const DEFAULT_WAIT = { timeoutMs: 60_000, queuedMs: 10_000 } as const;

const metadataSchema = z.object({
  pages: looseNumber,
  title: looseText,
  author: looseText,
  subject: looseText,
  creator: looseText,
  producer: looseText,
  creationDate: looseText,
  modificationDate: looseText,
});
// A job about text has no metadata.
const resultSchema = z
  .object({
    sanitizedData: z.json(),
    processingTime: looseNumber,
    metadata: metadataSchema.default(() => metadataSchema.parse({})),
  })
  .transform(({ sanitizedData, processingTime, metadata }): DocumentResult => ({
    content: typeof sanitizedData === 'string' ? sanitizedData : JSON.stringify(sanitizedData),
    ...metadata,
    processingMs: processingTime,
  }));
const jobSchema = z
  .object({
    taskId: z.string(),
    status: z.enum(['queued', 'processing', 'completed', 'failed', 'cancelled']),
    progress: looseNumber,
    message: looseText,
    createdAt: strictTime,
    updatedAt: looseTime,
    expiresAt: looseTime,
    completedAt: looseTime,
    result: resultSchema.nullish().catch(null),
  })
  .transform(({ taskId, status, result, ...rest }): BackendJob => ({
    ...rest,
    id: taskId,
    status: status.toUpperCase() as BackendJobStatus,
    result: result ?? null,
  }));
const jobResultSchema = z.object({ result: resultSchema });
const cancelSchema = z.object({ message: z.string() });

/** The backend's jobs. Anybody who guesses an id may read or cancel one; ids are times. */
export class Jobs {
  private readonly contentOf = new Map<string, string>();
  private queue: JobQueueStatus = { state: 'UNKNOWN', since: null };

  constructor(
    private readonly http: BackendHttp,
    private readonly quarantine: Quarantine,
    private readonly clock: Clock,
  ) {}

  /** The job, or null when it is unknown or has expired. */
  async status(id: string, purpose: CallPurpose = 'BACKGROUND'): Promise<BackendJob | null> {
    const path = `/api/jobs/${this.checked('JOB_STATUS', id)}/status`;
    const call = { tool: 'JOB_STATUS', method: 'GET', path, purpose, accept: [404, 410], coalesce: id } as const;
    const job = await this.http.send(call, (answer) =>
      answer.status === 200 ? parseJson(call.tool, answer, jobSchema) : null,
    );
    if (job) this.observe(job);
    return job;
  }

  /** The result, or null when the job has none: it is unknown, expired, not finished, or did not succeed. */
  async result(id: string): Promise<DocumentResult | null> {
    const path = `/api/jobs/${this.checked('JOB_RESULT', id)}/result`;
    const call = { tool: 'JOB_RESULT', method: 'GET', path, accept: [404, 409, 410], coalesce: id } as const;
    return await this.http.send(call, (answer) =>
      answer.status === 200 ? parseJson(call.tool, answer, jobResultSchema).result : null,
    );
  }

  /** Cancels a running job or deletes a finished one. A worker that has begun may finish all the same. */
  async cancel(id: string): Promise<CancelOutcome> {
    const path = `/api/jobs/${this.checked('JOB_CANCEL', id)}`;
    const call = { tool: 'JOB_CANCEL', method: 'DELETE', path, purpose: 'RESPONSE', accept: [404] } as const;
    return await this.http.send(call, (answer): CancelOutcome => {
      if (answer.status === 404) return 'NOT_FOUND';
      return parseJson(call.tool, answer, cancelSchema).message.includes('deleted') ? 'DELETED' : 'CANCELLED';
    });
  }

  /**
   * Waits for the job's result. Throws JOB_FAILED when it fails, is cancelled or vanishes; JOB_QUEUE_STUCK when it
   * stays queued; DEADLINE_EXCEEDED when it takes too long.
   */
  async wait(id: string, options: WaitOptions = {}): Promise<DocumentResult> {
    const { timeoutMs, queuedMs } = { ...DEFAULT_WAIT, ...options };
    const startedAt = performance.now();
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, SLOWEST_POLL_MS)) {
      const job = await this.status(id, 'RESPONSE');
      const waitedMs = performance.now() - startedAt;
      if (job?.status === 'COMPLETED') return job.result ?? (await this.resultOrThrow(id));
      if (job?.status !== 'QUEUED' && job?.status !== 'PROCESSING') throw failed(job, this.http.scrub);
      if (job.status === 'QUEUED' && waitedMs >= queuedMs) {
        this.turn('STUCK');
        throw new BackendError(
          'JOB_STATUS',
          'JOB_QUEUE_STUCK',
          `the backend's job queue has not moved for ${queuedMs} ms`,
        );
      }
      if (waitedMs >= timeoutMs) {
        throw new BackendError('JOB_STATUS', 'DEADLINE_EXCEEDED', `the job did not finish within ${timeoutMs} ms`);
      }
      await sleep(Math.min(pollMs, Math.max(1, timeoutMs - waitedMs)));
    }
  }

  /** Whether the backend works on its jobs, as far as jobs watched here tell. */
  queueStatus(): JobQueueStatus {
    return this.queue;
  }

  /** Remembers which content a job is about, so that its end clears the content of suspicion or condemns it. */
  remember(id: string, contentHash: string): void {
    this.contentOf.set(id, contentHash);
    if (this.contentOf.size > 1_000) this.contentOf.delete([...this.contentOf.keys()][0] ?? '');
  }

  private observe(job: BackendJob): void {
    if (job.status === 'QUEUED') {
      const queuedForMs = this.clock.now() - job.createdAt;
      if (queuedForMs >= DEFAULT_WAIT.queuedMs) this.turn('STUCK');
      return;
    }
    if (job.status === 'PROCESSING') return;
    const contentHash = this.contentOf.get(job.id);
    if (contentHash === undefined) return;
    // Only a job that was uploaded from here proves that the queue moves now.
    if (job.status === 'COMPLETED') this.turn('MOVING');
    if (job.status === 'FAILED') this.quarantine.add(contentHash, 'DOCUMENT_UPLOAD', 'JOB_FAILED');
    else this.quarantine.survived(contentHash);
    this.contentOf.delete(job.id);
  }

  private turn(state: JobQueueStatus['state']): void {
    if (this.queue.state !== state) this.queue = { state, since: this.clock.now() };
  }

  private async resultOrThrow(id: string): Promise<DocumentResult> {
    const result = await this.result(id);
    if (result) return result;
    throw new BackendError('JOB_RESULT', 'JOB_FAILED', 'the job completed without a result');
  }

  private checked(tool: BackendTool, id: string): string {
    if (!JOB_ID.test(id)) throw invalid(tool, 'its job id is malformed');
    return id;
  }
}

function failed(job: BackendJob | null, scrub: (text: string) => string): BackendError {
  if (!job) return new BackendError('JOB_STATUS', 'JOB_FAILED', 'the job is unknown to the backend or has expired');
  const why = job.status === 'CANCELLED' ? 'was cancelled' : `failed: ${scrub(job.message ?? 'no reason given')}`;
  return new BackendError('JOB_STATUS', 'JOB_FAILED', `the job ${why}`);
}
