import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import {
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import {
  type Context as SocketContext,
  handleProtocols,
  makeServer,
  type Server as ProtocolServer,
  type SubscribePayload,
} from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { ArgusError } from '../domain/errors';
import { type Principal } from '../domain/role';
import { type Caller, type MakeContext } from './caller';
import { type ErrorScope, formatGraphQLError, requestError } from './graphql-errors';
import { refuseSocket, requestIdOf } from './http-server';
import { type Log } from '../domain/log';
import { type OperationGate } from './operation-gate';
import { isAsyncIterable, type ResultFeed, subscribeFresh } from './subscribe';
import { attachSocket, CLOSE } from './ws-socket';

/** Bounds of the WebSocket side. */
export interface SocketLimits {
  /** Largest message from a client; more closes with 1009. */
  readonly messageBytes: number;
  /** Open sockets in all; more are answered 503. */
  readonly sockets: number;
  /** Open sockets of one principal; more close with 4429. */
  readonly socketsPerPrincipal: number;
  /** Running operations of one socket; more are answered RATE_LIMITED. */
  readonly operationsPerSocket: number;
  /** For connection_init to arrive; then 4408. */
  readonly initTimeoutMs: number;
  /** Between pings; a socket that has not answered by the next is cut. */
  readonly pingEveryMs: number;
  /** Between checks whether principals are still valid; keep ≤ 5,000. */
  readonly revalidateEveryMs: number;
}

/** What GraphQL over WebSocket needs. */
export interface GraphQLWsOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  readonly gate: OperationGate;
  readonly authenticate: (authorization: string | undefined) => Promise<Principal>;
  readonly isStillValid: (principal: Principal) => boolean;
  readonly mayIntrospect: (principal: Principal) => boolean;
  readonly makeContext: MakeContext<Context>;
  readonly limits: SocketLimits;
  /** Origins that browsers may connect from; undefined = any, for the credentials are in no cookie. */
  readonly origins?: readonly string[];
  readonly log: Log;
}

/** The WebSocket side of /graphql. */
export interface GraphQLWs {
  /** Takes an HTTP upgrade: a WebSocket on /graphql, a typed HTTP error for anything else. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Refuses new sockets, closes open ones with 1001 and, after `graceMs`, cuts those that have not answered. */
  dispose(graceMs: number): Promise<void>;
}

interface Session {
  readonly socket: WebSocket;
  readonly requestId: string;
  readonly left: AbortController;
  /** What runs on this socket, and how to end it. graphql-ws knows them by id alone, and a client may reuse an id early. */
  readonly running: Set<RunningOperation>;
  principal?: Principal;
}

interface RunningOperation {
  readonly caller: Caller;
  readonly end: () => void;
  feed?: ResultFeed;
}

type Params = Record<string, unknown> | undefined;
type Connection = SocketContext<Params, Session>;
type Admitted = ExecutionArgs | readonly GraphQLError[];

/** Queries, mutations and subscriptions over graphql-transport-ws, through the same gate as over HTTP. */
export function createGraphQLWs<Context extends object>(options: GraphQLWsOptions<Context>): GraphQLWs {
  return new Endpoint(options);
}

class Endpoint<Context extends object> implements GraphQLWs {
  readonly #server: WebSocketServer;
  readonly #protocol: ProtocolServer<Session>;
  readonly #sessions = new Set<Session>();
  readonly #perPrincipal = new Map<string, number>();
  readonly #scopes = new WeakMap<SubscribePayload, ErrorScope>();
  readonly #operations = new WeakMap<ExecutionArgs, RunningOperation>();
  readonly #revalidation: NodeJS.Timeout;
  #disposed = false;

  constructor(private readonly options: GraphQLWsOptions<Context>) {
    const { limits } = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
      handleProtocols,
    });
    this.#protocol = makeServer<Params, Session>({
      connectionInitWaitTimeout: limits.initTimeoutMs,
      onConnect: (connection) => this.#connect(connection),
      onSubscribe: (connection, _id, payload) => this.#admit(connection, payload),
      execute: (args) => this.#execute(args),
      subscribe: (args) => this.#subscribe(args),
      onNext: (_connection, _id, payload, _args, { errors, data }) =>
        errors && { errors: this.#format(payload, errors), ...(data !== undefined && { data }) },
      onError: (_connection, _id, payload, errors) => this.#format(payload, errors),
    });
    this.#revalidation = setInterval(() => this.#revalidate(), limits.revalidateEveryMs).unref();
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until ws takes the socket over, nobody else listens.
    socket.on('error', () => socket.destroy());
    if (req.url?.split('?')[0] !== '/graphql') {
      refuseSocket(socket, 'NOT_FOUND', 'WebSockets are served at /graphql.');
    } else if (this.#disposed) {
      refuseSocket(socket, 'SHUTTING_DOWN', 'The server is shutting down. Connect again.');
    } else if (!this.#isOriginAllowed(req.headers.origin)) {
      refuseSocket(socket, 'FORBIDDEN', 'This origin may not connect.');
    } else if (this.#sessions.size >= this.options.limits.sockets) {
      refuseSocket(socket, 'OVERLOADED', 'Too many open WebSockets. Try again later.');
    } else {
      this.#server.handleUpgrade(req, socket, head, (opened) => this.#open(opened, requestIdOf(req)));
    }
  }

  async dispose(graceMs: number): Promise<void> {
    this.#disposed = true;
    clearInterval(this.#revalidation);
    const open = [...this.#sessions];
    const allClosed = Promise.all(open.map(({ socket }) => once(socket, 'close')));
    for (const { socket } of open) socket.close(CLOSE.goingAway, 'Going away');
    const cut = setTimeout(() => {
      for (const { socket } of open) socket.terminate();
    }, graceMs);
    await allClosed;
    clearTimeout(cut);
  }

  #isOriginAllowed(origin: string | undefined): boolean {
    return origin === undefined || this.options.origins === undefined || this.options.origins.includes(origin);
  }

  #open(socket: WebSocket, requestId: string): void {
    const session: Session = { socket, requestId, left: new AbortController(), running: new Set() };
    this.#sessions.add(session);
    attachSocket({
      protocol: this.#protocol,
      socket,
      extra: session,
      pingEveryMs: this.options.limits.pingEveryMs,
      requestId,
      log: this.options.log,
      onClose: () => this.#forget(session),
    });
  }

  #forget(session: Session): void {
    this.#sessions.delete(session);
    session.left.abort();
    for (const { feed } of session.running) {
      feed?.return().catch((err: unknown) => {
        this.options.log.error({ err, requestId: session.requestId }, 'feed could not be ended');
      });
    }
    if (!session.principal) return;
    const { id } = session.principal;
    const left = (this.#perPrincipal.get(id) ?? 1) - 1;
    if (left > 0) this.#perPrincipal.set(id, left);
    else this.#perPrincipal.delete(id);
  }

  async #connect({ connectionParams, extra: session }: Connection): Promise<boolean> {
    const given = connectionParams?.authorization;
    let principal: Principal;
    try {
      principal = await this.options.authenticate(typeof given === 'string' ? given : undefined);
    } catch (error) {
      this.#refuse(session, error);
      return false;
    }
    if (session.left.signal.aborted) return false;
    const open = this.#perPrincipal.get(principal.id) ?? 0;
    if (open >= this.options.limits.socketsPerPrincipal) {
      session.socket.close(CLOSE.tooMany, 'Too many connections');
      return false;
    }
    session.principal = principal;
    this.#perPrincipal.set(principal.id, open + 1);
    return true;
  }

  /** 4403 and not 4401: clients of graphql-ws come back after the first, with fresh credentials. */
  #refuse({ socket, requestId }: Session, error: unknown): void {
    if (error instanceof ArgusError && error.httpStatus < 500) {
      socket.close(CLOSE.forbidden, error.message.length <= 100 ? error.message : 'Forbidden');
      return;
    }
    this.options.log.error({ err: error, requestId }, 'authentication failed unexpectedly');
    socket.close(CLOSE.internal, 'Internal error');
  }

  async #admit({ extra: session }: Connection, payload: SubscribePayload): Promise<Admitted> {
    const { principal } = session;
    if (!principal) throw new Error('an acknowledged socket has a principal');
    const { gate, limits, log } = this.options;
    const mayIntrospect = this.options.mayIntrospect(principal);
    const scope: ErrorScope = { requestId: randomUUID(), log, hideSuggestions: !mayIntrospect };
    this.#scopes.set(payload, scope);
    if (session.running.size >= limits.operationsPerSocket) {
      return [requestError('RATE_LIMITED', `At most ${limits.operationsPerSocket} operations may run on one socket.`)];
    }
    const admission = gate.admit(payload, { mayIntrospect });
    if ('errors' in admission) return admission.errors;
    const operation: RunningOperation = {
      caller: { principal, requestId: scope.requestId, signal: session.left.signal },
      end: () => session.running.delete(operation),
    };
    session.running.add(operation);
    try {
      const args: ExecutionArgs = {
        schema: this.options.schema,
        document: admission.document,
        operationName: payload.operationName ?? null,
        variableValues: payload.variables ?? null,
        contextValue: await this.options.makeContext(operation.caller),
      };
      this.#operations.set(args, operation);
      return args;
    } catch (error) {
      operation.end();
      const originalError = error instanceof Error ? error : new Error(String(error));
      return [new GraphQLError(originalError.message, { originalError })];
    }
  }

  async #execute(args: ExecutionArgs): Promise<ExecutionResult> {
    try {
      return await execute(args);
    } finally {
      this.#operationOf(args).end();
    }
  }

  async #subscribe(args: ExecutionArgs): Promise<ResultFeed | ExecutionResult> {
    const operation = this.#operationOf(args);
    const { caller, end } = operation;
    const result = await subscribeFresh(args, { freshContext: () => this.options.makeContext(caller), onEnd: end });
    if (isAsyncIterable(result)) {
      operation.feed = result;
      // The socket closed while the feed was being made: nobody else would end it.
      if (caller.signal.aborted) await result.return();
    }
    return result;
  }

  #operationOf(args: ExecutionArgs): RunningOperation {
    const operation = this.#operations.get(args);
    if (!operation) throw new Error('only admitted operations run');
    return operation;
  }

  #format(payload: SubscribePayload, errors: readonly GraphQLError[]): readonly GraphQLFormattedError[] {
    const scope = this.#scopes.get(payload) ?? { requestId: 'none', log: this.options.log, hideSuggestions: true };
    return errors.map((error) => formatGraphQLError(error, scope));
  }

  /** Ends the sockets of principals that are valid no more, as of a revoked key. */
  #revalidate(): void {
    for (const { socket, principal, requestId } of this.#sessions) {
      try {
        if (principal && !this.options.isStillValid(principal)) socket.close(CLOSE.forbidden, 'Forbidden');
      } catch (err) {
        this.options.log.error({ err, requestId }, 'revalidation failed');
      }
    }
  }
}
