import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { ArgusError, type ErrorCode, ERRORS } from '../domain/errors';
import { type Principal } from '../domain/role';
import { answerError, hasLeft, SECURITY_HEADERS } from './http-answer';
import { type Log } from '../domain/log';
import { createRouter, type Route } from './router';

/** What every route of a server shares. */
export interface HttpServerOptions {
  readonly log: Log;
  /** Who sends the given Authorization header; throws UNAUTHENTICATED when nobody does. Needed by authenticated routes. */
  readonly authenticate?: (authorization: string | undefined) => Promise<Principal>;
  /** True while shutting down: answers then ask clients to close their connection. */
  readonly isDraining?: () => boolean;
  /** For a whole request to arrive. Default 120,000. */
  readonly requestTimeoutMs?: number;
  /** For a request's headers to arrive. Default 15,000. */
  readonly headersTimeoutMs?: number;
  /** How long an idle connection is kept. Default 72,000: longer than common load balancers keep theirs. */
  readonly keepAliveTimeoutMs?: number;
}

/** An HTTP server over a route table. Every answer carries x-request-id; every failure is a typed JSON error. */
export function createHttpServer(routes: readonly Route[], options: HttpServerOptions): Server {
  const find = createRouter(routes);
  const serve = (req: IncomingMessage, res: ServerResponse): void => {
    void new Exchange(req, res, options).run(find);
  };
  const server = createServer({
    requestTimeout: options.requestTimeoutMs ?? 120_000,
    headersTimeout: options.headersTimeoutMs ?? 15_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 72_000,
    connectionsCheckingInterval: 5_000,
  });
  server.on('request', serve);
  // Without this listener Node asks for every body at once, also for one that will be refused.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('clientError', answerBrokenRequest);
  return server;
}

/** Takes a sane x-request-id from the caller, so that traces join up, or makes a new one. */
export function requestIdOf(req: IncomingMessage): string {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Writes an error straight to a socket that no ServerResponse owns, then closes it. */
export function refuseSocket(
  socket: Duplex,
  code: ErrorCode,
  message: string,
  status: number = ERRORS[code].http,
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET') socket.destroy();
  else if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuseSocket(socket, 'INVALID_INPUT', 'The request headers are larger than 16 KiB.', 431);
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    refuseSocket(socket, 'INVALID_INPUT', 'The request did not arrive in time.', 408);
  } else refuseSocket(socket, 'INVALID_INPUT', 'The request is not valid HTTP/1.1.');
}

/** One request and its response. */
class Exchange {
  readonly #requestId: string;
  readonly #left = new AbortController();
  #route: Route | undefined;

  constructor(
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly options: HttpServerOptions,
  ) {
    this.#requestId = requestIdOf(req);
  }

  async run(find: ReturnType<typeof createRouter>): Promise<void> {
    const { req, res, options } = this;
    res.setHeaders(SECURITY_HEADERS);
    res.setHeader('x-request-id', this.#requestId);
    if (options.isDraining?.()) res.setHeader('connection', 'close');
    res.once('close', () => {
      if (!res.writableFinished) this.#left.abort();
    });
    // Without listeners a connection cut in mid-request, or mid-answer, would raise an uncaught error.
    req.on('error', () => this.#left.abort());
    res.on('error', () => this.#left.abort());
    try {
      await this.#dispatch(find);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #dispatch(find: ReturnType<typeof createRouter>): Promise<void> {
    const { req, res } = this;
    const target = req.url ?? '/';
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    const found = find(req.method ?? 'GET', path);
    if (!('route' in found)) {
      if (found.allowed.length === 0) throw new ArgusError('NOT_FOUND', 'There is nothing at this path.');
      res.setHeader('allow', found.allowed.join(', '));
      throw new ArgusError('METHOD_NOT_ALLOWED', `This path takes ${found.allowed.join(', ')}.`);
    }
    this.#route = found.route;
    const principal = found.route.authenticated ? await this.#authenticate() : undefined;
    this.#acceptBody();
    await found.route.handler(req, res, {
      params: found.params,
      search: mark === -1 ? '' : target.slice(mark),
      requestId: this.#requestId,
      signal: this.#left.signal,
      ...(principal && { principal }),
    });
  }

  #authenticate(): Promise<Principal> {
    if (!this.options.authenticate) throw new Error('an authenticated route needs options.authenticate');
    return this.options.authenticate(this.req.headers.authorization);
  }

  /** A client that asked first (RFC 9110 §10.1.1) may send its body once it is known to be welcome. */
  #acceptBody(): void {
    const expectation = this.req.headers.expect;
    if (expectation === undefined) return;
    if (expectation.toLowerCase() !== '100-continue') {
      throw new ArgusError('INVALID_INPUT', 'The only expectation understood is 100-continue.');
    }
    this.res.writeContinue();
  }

  #fail(thrown: unknown): void {
    const { req, res, options } = this;
    if (hasLeft(req, res)) {
      options.log.debug({ requestId: this.#requestId }, 'client left before its answer');
      res.destroy();
      return;
    }
    const error = this.#toArgusError(thrown);
    if (res.headersSent) {
      options.log.warn({ requestId: this.#requestId, code: error.code }, 'answer broken off');
      // A half-sent answer cannot be mended: cutting the connection is the only honest signal left.
      res.destroy();
      return;
    }
    answerError({ req, res, error, requestId: this.#requestId, format: this.#route?.formatError });
  }

  #toArgusError(thrown: unknown): ArgusError {
    if (thrown instanceof ArgusError) return thrown;
    const { method, url } = this.req;
    this.options.log.error(
      { err: thrown, requestId: this.#requestId, method, path: url?.split('?')[0] },
      'request failed',
    );
    return new ArgusError('INTERNAL', 'Internal error');
  }
}
