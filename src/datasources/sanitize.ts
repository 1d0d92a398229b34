import { z } from 'zod';

import { type Json } from '../domain/json';
import { malformed } from './answer-error';
import { BackendError } from './backend-error';
import { looseNumber, looseText, looseTime } from './decoders';
import { type Health } from './health';
import { parseJson, type BackendHttp } from './http';
import { type Jobs, type WaitOptions } from './jobs';
import { isPoisonous } from './poison-patterns';
import { type Quarantine } from './quarantine';
import { type CallPurpose } from './rate-budget';
import { fittingJson, invalid, notConfigured } from './request-body';
import { sha256, type TokenFault, type TrustToken, type TrustTokens } from './trust-tokens';

export interface SanitizeJsonRequest {
  /** Not empty; about 100 KB at most. */
  readonly content: string;
  /** A label that the backend only logs. */
  readonly classification?: string;
  /** Asks for the backend's model; in practice it falls back to plain sanitising. */
  readonly aiTransform?: boolean;
  /** A token about this very content: the backend then hands the content back untouched. */
  readonly trustToken?: TrustToken;
  /** RESPONSE may use the reserved share of the rate budget. */
  readonly purpose?: CallPurpose;
}

export interface SanitizeJsonResult {
  /** The content as the backend would hand it to an LLM; JSON text when the content was JSON. */
  readonly content: string;
  /** Where it was sanitised: content that would kill the JSON endpoint goes to the text endpoint. */
  readonly route: 'SANITIZE_JSON' | 'SANITIZE_TEXT';
  /** True when a trust token that Argus had verified spared the sanitising. */
  readonly reused: boolean;
  /** Why the given token was not used; null when it was used or none was given. */
  readonly tokenFault: TokenFault | null;
  /** null where the text endpoint answered. */
  readonly ai: { readonly attempted: boolean; readonly fallback: boolean; readonly reason: string | null } | null;
  /** The backend's own measure, ms. */
  readonly tookMs: number | null;
  /** The backend's clock, ms since 1970-01-01 UTC. */
  readonly time: number | null;
}

const textSchema = z.object({ sanitizedData: z.string() });
const valueSchema = z.object({ sanitizedData: z.json() });
const queuedSchema = z.object({ taskId: z.string().regex(/^\w{1,128}$/) });
const jsonSchema = z.object({
  sanitizedContent: z.string(),
  metadata: z.object({
    timestamp: looseTime,
    reused: z.boolean(),
    aiProcessing: z
      .object({
        aiProcessed: z.boolean().optional(),
        fallback: z.boolean().optional(),
        reason: looseText,
      })
      .optional(),
    performance: z.object({ totalTimeMs: looseNumber }).optional(),
  }),
});

/** POST /api/sanitize and /api/sanitize/json. */
export class Sanitize {
  constructor(
    private readonly http: BackendHttp,
    private readonly tokens: TrustTokens,
    private readonly quarantine: Quarantine,
    private readonly health: Health,
    private readonly jobs: Jobs,
    private readonly asyncText: boolean,
  ) {}

  /** Text as the backend would hand it to an LLM; it may come out longer. Not rate-limited. About 100 KB at most. */
  async text(text: string, purpose: CallPurpose = 'RESPONSE'): Promise<string> {
    const json = fittingJson('SANITIZE_TEXT', { data: text });
    const call = { tool: 'SANITIZE_TEXT', method: 'POST', path: '/api/sanitize', json, purpose } as const;
    return (await this.http.json({ ...call, coalesce: sha256(text) }, textSchema)).sanitizedData;
  }

  /** A JSON value with its texts sanitised; object keys are not, and a `trustToken` key is dropped. */
  async value(value: Json, purpose: CallPurpose = 'RESPONSE'): Promise<Json> {
    const json = fittingJson('SANITIZE_TEXT', { data: value });
    const call = { tool: 'SANITIZE_TEXT', method: 'POST', path: '/api/sanitize', json, purpose } as const;
    return (await this.http.json(call, valueSchema)).sanitizedData;
  }

  /**
   * Content through the rate-limited endpoint that can reuse trust tokens. It is never asked to work asynchronously:
   * the backend dies of that. Content that would make it do so all the same goes to the text endpoint.
   */
  async json(request: SanitizeJsonRequest): Promise<SanitizeJsonResult> {
    const { content, trustToken, purpose = 'BACKGROUND' } = request;
    if (content === '') throw invalid('SANITIZE_JSON', 'its content is empty');
    const hash = sha256(content);
    if (isPoisonous(content)) this.quarantine.add(hash, 'SANITIZE_JSON', 'ASYNC_TRIGGER');
    const verdict = trustToken ? this.tokens.verify(trustToken, content) : null;
    if (this.quarantine.has(hash)) {
      const sanitized = await this.text(content, purpose);
      const ai = { ai: null, tookMs: null, time: null };
      return { content: sanitized, route: 'SANITIZE_TEXT', reused: false, tokenFault: verdict?.fault ?? null, ...ai };
    }
    const usable = verdict?.valid === true;
    const answer = await this.sendJson(request, hash, usable);
    return { ...answer, tokenFault: verdict?.fault ?? null };
  }

  /**
   * Content as a job of the backend's queue: the sanitised text once the job is done; fails as `queueJson` and
   * `Jobs.wait` do.
   */
  async jsonAsJob(request: Pick<SanitizeJsonRequest, 'content' | 'purpose'>, wait: WaitOptions = {}): Promise<string> {
    const result = await this.jobs.wait(await this.queueJson(request), wait);
    this.quarantine.survived(sha256(request.content));
    return result.content;
  }

  /**
   * Hands content to the backend's job queue and answers the job's id. The backend as observed dies of it, so this is
   * NOT_CONFIGURED unless `asyncText` says that this one does not.
   */
  async queueJson({
    content,
    purpose = 'BACKGROUND',
  }: Pick<SanitizeJsonRequest, 'content' | 'purpose'>): Promise<string> {
    const tool = 'SANITIZE_JSON';
    if (!this.asyncText) throw notConfigured(tool, 'the permission to queue text, which kills some backends,');
    if (content === '') throw invalid(tool, 'its content is empty');
    const json = fittingJson(tool, { content, async: true });
    const call = { tool, method: 'POST', path: '/api/sanitize/json', json, purpose, accept: [202] } as const;
    const hash = sha256(content);
    this.quarantine.risk(hash, tool);
    const { taskId } = await this.http.json(call, queuedSchema);
    this.jobs.remember(taskId, hash);
    return taskId;
  }

  private async sendJson(
    { content, classification, aiTransform = false, trustToken, purpose = 'BACKGROUND' }: SanitizeJsonRequest,
    hash: string,
    withToken: boolean,
  ): Promise<Omit<SanitizeJsonResult, 'tokenFault'>> {
    const tool = 'SANITIZE_JSON';
    const json = fittingJson(tool, {
      content,
      async: false,
      ...(classification !== undefined && { classification }),
      ...(aiTransform && { ai_transform: true }),
      ...(withToken && { trustToken }),
    });
    this.quarantine.risk(hash, tool);
    const call = { tool, method: 'POST', path: '/api/sanitize/json', json, purpose, accept: [202] } as const;
    try {
      const result = await this.http.send(call, (answer) => {
        if (answer.status !== 202) return parseJson(tool, answer, jsonSchema);
        this.quarantine.add(hash, tool, 'ACCEPTED_AS_JOB');
        throw new BackendError(tool, 'JOB_QUEUE_STUCK', 'the backend queued text as a job, which it cannot finish');
      });
      this.quarantine.survived(hash);
      if (result.metadata.reused && !withToken) throw malformed(tool, 'content reused without a token');
      return shape(result);
    } catch (error) {
      await this.probeAfter(error);
      throw error;
    }
  }

  /** A lost connection may be a lost backend: asking for its health tells, and quarantines if so. */
  private async probeAfter(error: unknown): Promise<void> {
    if (!(error instanceof BackendError) || error.failure !== 'CONNECTION_LOST') return;
    await this.health.check().catch(() => undefined);
  }
}

function shape({ sanitizedContent, metadata }: z.infer<typeof jsonSchema>): Omit<SanitizeJsonResult, 'tokenFault'> {
  const ai = metadata.aiProcessing;
  return {
    content: sanitizedContent,
    route: 'SANITIZE_JSON',
    reused: metadata.reused,
    ai: { attempted: ai?.aiProcessed === true, fallback: ai?.fallback === true, reason: ai?.reason ?? null },
    tookMs: metadata.performance?.totalTimeMs ?? null,
    time: metadata.timestamp,
  };
}
