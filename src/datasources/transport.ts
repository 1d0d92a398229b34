import { errors, Pool } from 'undici';

import { ArgusError } from '../domain/errors';
import { type HttpAnswer } from './answer-error';
import { BackendError, type BackendTool } from './backend-error';

export interface TlsOptions {
  /** PEM of the authority that signed the backend's certificate; no other is trusted. */
  readonly ca?: string;
  /** PEM of Argus's own certificate and key, for mutual TLS; both or neither. */
  readonly cert?: string;
  readonly key?: string;
}

export interface TransportOptions {
  readonly url: string;
  readonly tls?: TlsOptions;
  /** Permits plain http to a host that is not this machine. */
  readonly allowHttp?: boolean;
}

export interface TransportRequest {
  readonly tool: BackendTool;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Takes the body of a 200 piece by piece instead of it being collected. */
  readonly sink?: (chunk: Uint8Array) => Promise<void>;
}

/** The backend closes idle connections after 5 s: ours must be gone before. */
const IDLE_MS = 4_000;

/** Sends one request and reads its answer; every failure is a `BackendError`. */
export class Transport {
  readonly origin: string;
  private readonly pool: Pool;
  private readonly prefix: string;

  /** Throws INVALID_INPUT for an address that is malformed or would carry secrets in the clear. */
  constructor(options: TransportOptions) {
    const url = parseAddress(options);
    this.origin = url.origin;
    this.prefix = url.pathname.replace(/\/+$/, '');
    this.pool = new Pool(url.origin, {
      connections: 32,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect: { timeout: 3_000, ...options.tls, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    });
  }

  async exchange(request: TransportRequest): Promise<HttpAnswer> {
    try {
      return await this.send(request);
    } catch (error) {
      throw toBackendError(request, error);
    }
  }

  /** Ends idle and running connections at once. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async send(request: TransportRequest): Promise<HttpAnswer> {
    const response = await this.pool.request({
      method: request.method,
      path: this.prefix + request.path,
      headers: request.headers,
      body: request.body,
      signal: request.signal,
    });
    const headers = flatten(response.headers);
    const sink = response.statusCode === 200 ? request.sink : undefined;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (bytes > request.maxBytes) throw tooLarge(request);
      if (sink) await sink(chunk);
      else chunks.push(chunk);
    }
    return {
      status: response.statusCode,
      contentType: (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase(),
      headers,
      body: Buffer.concat(chunks),
    };
  }
}

function parseAddress({ url: text, allowHttp = false, tls }: TransportOptions): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ArgusError('INVALID_INPUT', 'the address of the backend must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new ArgusError('INVALID_INPUT', 'the address of the backend must not hold credentials');
  }
  if (url.protocol === 'http:' && !allowHttp && !isLoopback(url.hostname)) {
    const message = 'the backend must be called over https: plain http would carry its secrets in the clear';
    throw new ArgusError('INVALID_INPUT', message);
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw new ArgusError(
      'INVALID_INPUT',
      'a client certificate for the backend needs its key, and a key its certificate',
    );
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function tooLarge({ tool, maxBytes }: TransportRequest): BackendError {
  return new BackendError(tool, 'ANSWER_TOO_LARGE', `the backend's answer to ${tool} exceeds ${maxBytes} bytes`);
}

const NOT_CONNECTED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept the connection in time',
};

function toBackendError({ tool, signal }: TransportRequest, error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  if (signal.aborted || error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new BackendError(tool, 'DEADLINE_EXCEEDED', `the backend did not answer ${tool} in time`);
  }
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG') {
    return new BackendError(
      tool,
      'INVALID_REQUEST',
      `${tool} cannot be sent: a header or path holds what HTTP forbids`,
    );
  }
  const why = NOT_CONNECTED[code] ?? (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code) ? `TLS failed (${code})` : null);
  if (why !== null) return new BackendError(tool, 'CONNECTION_FAILED', `the backend cannot be reached: ${why}`);
  const message = `the backend closed the connection before its answer to ${tool} was complete`;
  return new BackendError(tool, 'CONNECTION_LOST', message);
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : '';
}
