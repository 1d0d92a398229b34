import { setTimeout as sleep } from 'node:timers/promises';
import { type ZodType } from 'zod';

import { type Clock } from '../agent/ports';
import { type Log } from '../domain/log';
import { createScrubber, errorOfAnswer, type HttpAnswer, malformed, retryAfterOf } from './answer-error';
import { BACKEND_TOOLS, BackendError, type BackendTool } from './backend-error';
import { type CallPurpose } from './rate-budget';
import { type BreakerOptions, type Outcome, ToolLane, type ToolStatus } from './tool-lane';
import { TOOL_POLICIES, type ToolPolicy } from './tool-policy';
import { Transport, type TransportOptions } from './transport';

export interface HttpOptions extends TransportOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Texts that may appear in no message. */
  readonly secrets: readonly string[];
  readonly breaker?: BreakerOptions;
  /** Told of every attempt that found nobody to connect to. */
  readonly onUnreachable?: () => void;
  /** Told of every attempt that the backend answered, or failed to. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Deviations from `TOOL_POLICIES`. */
  readonly policies?: Partial<Record<BackendTool, Partial<ToolPolicy>>>;
}

/** One call of a tool. */
export interface HttpCall {
  readonly tool: BackendTool;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body to send as JSON. */
  readonly json?: unknown;
  /** A body to send as it is. */
  readonly raw?: { readonly type: string; readonly bytes: Uint8Array };
  /** Statuses besides 200 that are answers and not errors. */
  readonly accept?: readonly number[];
  readonly purpose?: CallPurpose;
  /** Calls of one tool with the same key that run at the same time share one answer. */
  readonly coalesce?: string;
  /** Takes the body of a 200 piece by piece; only for tools with one attempt. */
  readonly sink?: (chunk: Uint8Array) => Promise<void>;
}

interface Outgoing {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

const DEFAULT_BREAKER: BreakerOptions = { failures: 5, halfOpenAfterMs: 5_000 };
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;

/**
 * All traffic to the backend: every call has a deadline, a size limit, a breaker and a place in its tool's lane, and
 * fails with a `BackendError` alone.
 */
export class BackendHttp {
  /** Cuts text of the backend down to what may be shown. */
  readonly scrub: (text: string) => string;
  private readonly transport: Transport;
  private readonly lanes: ReadonlyMap<BackendTool, ToolLane>;
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(private readonly options: HttpOptions) {
    this.transport = new Transport(options);
    this.scrub = createScrubber(options.secrets);
    const { clock, breaker = DEFAULT_BREAKER, onOutcome = () => undefined } = options;
    this.lanes = new Map(
      BACKEND_TOOLS.map((tool) => {
        const policy = { ...TOOL_POLICIES[tool], ...options.policies?.[tool] };
        return [tool, new ToolLane(tool, policy, clock, breaker, onOutcome)];
      }),
    );
  }

  get origin(): string {
    return this.transport.origin;
  }

  /** The answer as JSON of the given shape; MALFORMED_ANSWER when it is anything else. */
  json<T>(call: HttpCall, schema: ZodType<T>): Promise<T> {
    return this.send(call, (answer) => parseJson(call.tool, answer, schema));
  }

  /** The answer as `decode` reads it; what `decode` throws must be a `BackendError`. */
  send<T>(call: HttpCall, decode: (answer: HttpAnswer) => T): Promise<T> {
    if (call.coalesce === undefined) return this.withRetries(call, decode);
    const key = `${call.tool} ${call.coalesce}`;
    const running = this.running.get(key) as Promise<T> | undefined;
    if (running) return running;
    const started = this.withRetries(call, decode).finally(() => {
      if (this.running.get(key) === started) this.running.delete(key);
    });
    this.running.set(key, started);
    return started;
  }

  /** Calls from now on do not share the answer of a running one: the thing they read has changed. */
  forget(tool: BackendTool, key: string): void {
    this.running.delete(`${tool} ${key}`);
  }

  status(): readonly ToolStatus[] {
    return [...this.lanes.values()].map((lane) => lane.status());
  }

  async close(): Promise<void> {
    await this.transport.close();
  }

  private async withRetries<T>(call: HttpCall, decode: (answer: HttpAnswer) => T): Promise<T> {
    const lane = this.lane(call.tool);
    const { attempts, deadlineMs } = lane.policy;
    const endsAt = performance.now() + deadlineMs;
    const deadline = AbortSignal.timeout(deadlineMs);
    const outgoing = outgoingOf(call);
    for (let attempt = 1; ; attempt++) {
      try {
        return await untilAborted(
          call.tool,
          deadline,
          lane.run(call.purpose ?? 'BACKGROUND', deadline, () => this.attempt(call, outgoing, decode, deadline)),
        );
      } catch (error) {
        if (error instanceof BackendError && error.failure === 'CONNECTION_FAILED') this.options.onUnreachable?.();
        const waitMs = backoffMs(error, attempt);
        if (attempt >= attempts || waitMs === null || performance.now() + waitMs >= endsAt) throw error;
        this.options.log.debug({ tool: call.tool, attempt, waitMs }, 'backend call is tried again');
        await sleep(waitMs);
      }
    }
  }

  private async attempt<T>(
    call: HttpCall,
    outgoing: Outgoing,
    decode: (answer: HttpAnswer) => T,
    deadline: AbortSignal,
  ): Promise<T> {
    const { tool, method, path } = call;
    const lane = this.lane(tool);
    const answer = await this.transport.exchange({
      tool,
      method,
      path,
      ...outgoing,
      maxBytes: lane.policy.maxBytes,
      signal: AbortSignal.any([deadline, AbortSignal.timeout(lane.policy.attemptMs)]),
      ...(call.sink && { sink: call.sink }),
    });
    this.learnLimits(lane, answer);
    if (answer.status === 200 || call.accept?.includes(answer.status)) return decode(answer);
    throw errorOfAnswer(tool, answer, this.scrub);
  }

  private learnLimits(lane: ToolLane, { status, headers }: HttpAnswer): void {
    if (!lane.budget) return;
    const now = this.options.clock.now();
    if (status === 429) lane.budget.drain(now + (retryAfterOf(headers['retry-after']) ?? 60_000));
    const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
      Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
    );
    if (limit === undefined || remaining === undefined || reset === undefined) return;
    if (Number.isFinite(limit + remaining + reset)) lane.budget.observe({ limit, remaining, resetAt: reset * 1000 });
  }

  private lane(tool: BackendTool): ToolLane {
    const lane = this.lanes.get(tool);
    if (!lane) throw new BackendError(tool, 'INVALID_REQUEST', `unknown tool ${tool}`);
    return lane;
  }
}

/** The body of an answer as JSON of the given shape, or MALFORMED_ANSWER. */
export function parseJson<T>(tool: BackendTool, answer: HttpAnswer, schema: ZodType<T>): T {
  if (answer.body.length === 0) throw malformed(tool, 'empty body', answer.status);
  if (answer.contentType !== 'application/json') throw malformed(tool, 'not JSON', answer.status);
  let value: unknown;
  try {
    value = JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw malformed(tool, 'broken JSON', answer.status);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole').slice(0, 5);
  throw malformed(tool, `unexpected ${fields.join(', ')}`, answer.status);
}

function outgoingOf(call: HttpCall): Outgoing {
  const common = { accept: '*/*', 'user-agent': 'argus', ...call.headers };
  if (call.raw) return { headers: { ...common, 'content-type': call.raw.type }, body: call.raw.bytes };
  if (call.json === undefined) return { headers: common, body: null };
  return {
    headers: { ...common, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(call.json), 'utf8'),
  };
}

/** ms to wait before the next attempt, or null when another attempt cannot help. */
function backoffMs(error: unknown, attempt: number): number | null {
  if (!(error instanceof BackendError) || !error.retryable) return null;
  if (error.failure === 'CIRCUIT_OPEN' || error.failure === 'BUDGET_SPENT') return null;
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
  return Math.max(error.retryAfterMs ?? 0, Math.random() * ceiling);
}

/** A call that waits for its turn cannot be aborted, but its caller need not wait with it. */
async function untilAborted<T>(tool: BackendTool, signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new BackendError(tool, 'DEADLINE_EXCEEDED', `the backend did not answer ${tool} in time`));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
