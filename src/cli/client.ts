import { Agent, request } from 'undici';
import { messageOf } from '../domain/errors';
import { CliError } from './cli-error';
import { keyOf, type Settings } from './settings';

/** What Argus answers to a body of events. */
export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejectedCount: number;
  readonly rejected: readonly { readonly line: number; readonly code: string; readonly message: string }[];
}

/** What /readyz answers, whatever its status. */
export interface Readiness {
  readonly status: string;
  readonly checks?: Readonly<Record<string, { readonly status: string; readonly tookMs: number }>>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Call {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

const TIMEOUT_MS = 60_000;

/** Argus over HTTP. Every failure is a CliError that says what to do about it. */
export class ArgusClient {
  readonly #agent = new Agent({ connections: 8, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });

  constructor(readonly settings: Settings) {}

  /** Sends a body of NDJSON; resolves when what it accepted is durable. */
  async ingest(stream: string, body: Buffer | string, idempotencyKey?: string): Promise<IngestAnswer> {
    const answer = await this.#call({
      path: `/ingest/${encodeURIComponent(stream)}`,
      method: 'POST',
      headers: {
        authorization: `Bearer ${keyOf(this.settings)}`,
        'content-type': 'application/x-ndjson',
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      body,
    });
    if (answer.status !== 200) throw refusal(answer);
    return answer.body as IngestAnswer;
  }

  /** Runs a GraphQL query or mutation; its data are of the shape that the document asks for. */
  async query<Data>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Data> {
    const answer = await this.#call({
      path: '/graphql',
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf(this.settings)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = answer.body as { data?: Data | null; errors?: readonly GraphQLFailure[] };
    if (errors?.[0]) throw graphqlFailure(errors[0]);
    if (answer.status !== 200 || data === undefined || data === null) throw refusal(answer);
    return data;
  }

  /** Whether Argus can serve now. Needs no key. */
  async readiness(): Promise<Readiness> {
    const answer = await this.#call({ path: '/readyz', method: 'GET' });
    if (answer.status !== 200 && answer.status !== 503) throw refusal(answer);
    return answer.body as Readiness;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call({ path, method, headers = {}, body }: Call): Promise<Answer> {
    const { url } = this.settings;
    let text: string;
    let status: number;
    try {
      const options = { method, headers, dispatcher: this.#agent, ...(body !== undefined && { body }) };
      const response = await request(`${url}${path}`, options);
      status = response.statusCode;
      text = await response.body.text();
    } catch (error) {
      throw unreachable(url, error);
    }
    try {
      return { status, body: JSON.parse(text) as unknown };
    } catch {
      throw new CliError('INTERNAL', `${url} answered HTTP ${status} and no JSON: is this Argus?`, status >= 500);
    }
  }
}

/** An error as GraphQL answers it. */
export interface GraphQLFailure {
  readonly message: string;
  readonly extensions?: { readonly code?: unknown };
}

const RETRYABLE = new Set(['OVERLOADED', 'SHUTTING_DOWN', 'RATE_LIMITED', 'SLOW_CONSUMER', 'INTERNAL']);

/** A GraphQL error as the user is told it. */
export function graphqlFailure({ message, extensions }: GraphQLFailure): CliError {
  const code = typeof extensions?.code === 'string' ? extensions.code : 'INTERNAL';
  return new CliError(code, message, RETRYABLE.has(code));
}

/** Nobody answered at this URL, or the connection broke. */
export function unreachable(url: string, cause: unknown): CliError {
  const code = (cause as { code?: unknown } | null)?.code;
  const reason = typeof code === 'string' ? code : messageOf(cause);
  return new CliError('UNREACHABLE', `No answer from ${url} (${reason}). Is Argus running? Start it: npm start`, true);
}

function refusal({ status, body }: Answer): CliError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  const code = typeof error?.code === 'string' ? error.code : 'INTERNAL';
  const message = typeof error?.message === 'string' ? error.message : `Argus answered HTTP ${status}.`;
  return new CliError(code, message, status === 503 || status === 429);
}
