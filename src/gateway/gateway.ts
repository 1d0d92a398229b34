import { once } from 'node:events';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type GraphQLSchema } from 'graphql';
import { type Principal } from '../domain/role';
import { type MakeContext } from './caller';
import { createGraphQLHttp } from './graphql-http';
import { createGraphQLWs, type SocketLimits } from './graphql-ws';
import { createHealthRoutes, type ReadinessCheck } from './health';
import { createHttpServer } from './http-server';
import { type Log } from '../domain/log';
import { createOperationGate, type OperationLimits } from './operation-gate';
import { type Route } from './router';

/** Every bound of the gateway. Durations in ms, sizes in bytes. */
export interface GatewayLimits extends SocketLimits {
  /** Bounds of one GraphQL operation; see `DEFAULT_OPERATION_LIMITS`. */
  readonly operation: Partial<OperationLimits>;
  /** Largest body of a GraphQL request. */
  readonly bodyBytes: number;
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** For one readiness check. */
  readonly readinessTimeoutMs: number;
  /** How long `drain` waits for running requests and closing sockets before it cuts them. */
  readonly drainMs: number;
}

/** The bounds used where `limits` says nothing. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  operation: {},
  bodyBytes: 1024 * 1024,
  requestTimeoutMs: 120_000,
  headersTimeoutMs: 15_000,
  readinessTimeoutMs: 2_000,
  drainMs: 5_000,
  messageBytes: 1024 * 1024,
  sockets: 10_000,
  socketsPerPrincipal: 2_000,
  operationsPerSocket: 100,
  initTimeoutMs: 3_000,
  pingEveryMs: 15_000,
  revalidateEveryMs: 2_000,
};

/** What the gateway is made of. */
export interface GatewayOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  /** The same in SDL, served at /schema.graphql. */
  readonly schemaText: string;
  /** Who sends this Authorization header (or `connectionParams.authorization`); throws UNAUTHENTICATED when nobody does. */
  readonly authenticate: (authorization: string | undefined) => Promise<Principal>;
  /** Asked for the principal of each open socket every `revalidateEveryMs`; false closes it with 4403. Must be cheap. */
  readonly isStillValid: (principal: Principal) => boolean;
  readonly mayIntrospect: (principal: Principal) => boolean;
  readonly makeContext: MakeContext<Context>;
  /** Further routes, as POST /ingest/:stream; tried after the gateway's own, so `/*` may come last. */
  readonly routes?: readonly Route[];
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  readonly limits?: Partial<GatewayLimits>;
  /** Origins that browsers may open WebSockets from; undefined = any. */
  readonly origins?: readonly string[];
  readonly log: Log;
  /** 0 = any free port. */
  readonly port: number;
  /** Default: all interfaces. */
  readonly host?: string;
}

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly url: string;
  /** Stops taking work, lets what runs finish, closes sockets with 1001; resolves within about `drainMs`. */
  drain(): Promise<void>;
}

/** Starts HTTP and WebSocket on one port. Rejects when the port cannot be had. */
export async function createGateway<Context extends object>(options: GatewayOptions<Context>): Promise<Gateway> {
  const limits: GatewayLimits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
  const { log, schema, authenticate } = options;
  const gate = createOperationGate(schema, limits.operation);
  let draining: Promise<void> | undefined;
  const isDraining = (): boolean => draining !== undefined;

  const http = await createGraphQLHttp({ ...options, gate, bodyBytes: limits.bodyBytes });
  const health = createHealthRoutes({
    readiness: options.readiness ?? {},
    deadlineMs: limits.readinessTimeoutMs,
    isDraining,
    schemaText: options.schemaText,
    log,
  });
  const server = createHttpServer([http.route, ...health, ...(options.routes ?? [])], {
    log,
    authenticate,
    isDraining,
    requestTimeoutMs: limits.requestTimeoutMs,
    headersTimeoutMs: limits.headersTimeoutMs,
  });
  const sockets = createGraphQLWs({ ...options, gate, limits });
  server.on('upgrade', (req, socket, head) => sockets.upgrade(req, socket, head));

  const port = await listen(server, options.port, options.host);
  return {
    port,
    url: `http://${urlHost(options.host)}:${port}`,
    drain: () => (draining ??= drain()),
  };

  async function drain(): Promise<void> {
    await Promise.all([closeServer(server, limits.drainMs), sockets.dispose(limits.drainMs)]);
    await http.stop();
  }
}

async function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  server.listen({ port, ...(host !== undefined && { host }) });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Idle connections close at once, busy ones after their answer, whatever is left after `graceMs` is cut. */
async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // `close` ends the connections that are idle now; those that fall idle later would be kept alive.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function urlHost(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
