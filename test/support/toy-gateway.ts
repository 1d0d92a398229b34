import { makeExecutableSchema } from '@graphql-tools/schema';
import { printSchema } from 'graphql';
import { ArgusError } from '../../src/domain/errors';
import { type Principal } from '../../src/domain/role';
import { type BoundedQueue, boundedQueue } from '../../src/domain/bounded-queue';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway';
import { type Log } from '../../src/domain/log';

export interface ToyContext {
  readonly principal: Principal;
  readonly requestId: string;
  /** How many contexts had been made before this one. */
  readonly serial: number;
}

export interface Item {
  readonly cursor: string;
  readonly text: string;
}

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A gateway over a schema of toys, and the strings to pull behind it. */
export interface Toy extends Gateway {
  readonly graphql: string;
  readonly ws: string;
  readonly logged: LogLine[];
  readonly errors: () => LogLine[];
  /** Feeds that `items` has opened, oldest first. */
  readonly feeds: BoundedQueue<Item>[];
  /** How often a feed's disposer ran. */
  readonly disposals: () => number;
  readonly revoked: Set<string>;
  /** Lets `slowItems` go on to its feed. */
  readonly openGate: () => void;
}

const SDL = `
  type Query {
    hello(name: String = "world", style: Style): String
    tags(tags: [String!], input: TagInput): Int
    me: String!
    serial: Int!
    self: Query
    boom: String
    forbidden: String
    badInt: Int
    wait(ms: Int!): String
    cursorish(after: String): String
  }
  input TagInput { tagName: String! nested: TagInput }
  enum Style { LOUD QUIET }
  type Mutation { add(a: Int!, b: Int!): Int! }
  type Item { cursor: String! text: String! serial: Int! boom: String }
  type Subscription { items: Item! slowItems: Item! refused: Item! broken: Item! }
`;

export const ADMIN: Principal = { id: 'p-admin', name: 'admin', role: 'ADMIN' };
export const VIEWER: Principal = { id: 'p-viewer', name: 'viewer', role: 'VIEWER' };
const KEYS = new Map([
  ['Bearer admin', ADMIN],
  ['Bearer viewer', VIEWER],
]);

export const SECRET = 'postgres://argus:hunter2@db/argus';

/** Starts a toy gateway on a free port of the loopback. */
export async function startToy(overrides: Partial<GatewayOptions<ToyContext>> = {}, queueLimit = 10): Promise<Toy> {
  const feeds: BoundedQueue<Item>[] = [];
  const logged: LogLine[] = [];
  const revoked = new Set<string>();
  let disposals = 0;
  let contexts = 0;
  let openGate = (): void => undefined;
  const gateOpened = new Promise<void>((resolve) => (openGate = resolve));

  const openFeed = (): BoundedQueue<Item> => {
    const feed = boundedQueue<Item>({ limit: queueLimit, cursorOf: (item) => item.cursor, dispose: () => disposals++ });
    feeds.push(feed);
    return feed;
  };
  const item = (value: Item): Item => value;
  const schema = makeExecutableSchema({
    typeDefs: SDL,
    resolvers: {
      Query: {
        hello: (_: unknown, { name, style }: { name: string; style?: string }) =>
          style === 'LOUD' ? name.toUpperCase() : `hello ${name}`,
        tags: (_: unknown, { tags }: { tags?: string[] }) => tags?.length ?? 0,
        me: (_: unknown, __: unknown, context: ToyContext) => context.principal.name,
        serial: (_: unknown, __: unknown, context: ToyContext) => context.serial,
        self: () => ({}),
        boom: () => {
          throw new Error(`connect failed: ${SECRET}`);
        },
        forbidden: () => {
          throw new ArgusError('FORBIDDEN', 'You may not see this.');
        },
        badInt: () => SECRET,
        wait: (_: unknown, { ms }: { ms: number }) => new Promise((done) => setTimeout(() => done('waited'), ms)),
        cursorish: (_: unknown, { after }: { after?: string }) => {
          if (after === 'bad') throw new ArgusError('INVALID_CURSOR', 'The cursor is not one of ours.', ['after']);
          return after;
        },
      },
      Mutation: { add: (_: unknown, { a, b }: { a: number; b: number }) => a + b },
      Item: {
        serial: (_: unknown, __: unknown, context: ToyContext) => context.serial,
        boom: () => {
          throw new Error(SECRET);
        },
      },
      Subscription: {
        items: { subscribe: openFeed, resolve: item },
        slowItems: { subscribe: () => gateOpened.then(openFeed), resolve: item },
        refused: {
          subscribe: () => {
            throw new ArgusError('CURSOR_EXPIRED', 'The cursor is too old.');
          },
          resolve: item,
        },
        broken: {
          subscribe: () => {
            throw new Error(SECRET);
          },
          resolve: item,
        },
      },
    },
  });
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void logged.push({ level, fields: { ...fields }, message });
  const gateway = await createGateway<ToyContext>({
    schema,
    schemaText: printSchema(schema),
    authenticate: async (authorization) => {
      const principal = KEYS.get(authorization ?? '');
      if (!principal) throw new ArgusError('UNAUTHENTICATED', 'Send a valid API key.');
      return Promise.resolve(principal);
    },
    isStillValid: ({ id }) => !revoked.has(id),
    mayIntrospect: ({ role }) => role === 'ADMIN',
    makeContext: ({ principal, requestId }) => ({ principal, requestId, serial: contexts++ }),
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    port: 0,
    host: '127.0.0.1',
    ...overrides,
  });
  return {
    ...gateway,
    graphql: `${gateway.url}/graphql`,
    ws: `ws://127.0.0.1:${gateway.port}/graphql`,
    logged,
    errors: () => logged.filter(({ level }) => level === 'error'),
    feeds,
    disposals: () => disposals,
    revoked,
    openGate: () => openGate(),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly {
      readonly message: string;
      readonly path?: readonly string[];
      readonly extensions: Readonly<Record<string, unknown>>;
    }[];
    readonly error?: Readonly<Record<string, unknown>>;
  };
}

/** Sends a request and reads its answer, JSON or not. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}

/** Posts a GraphQL operation. */
export function post(toy: Toy, payload: unknown, key = 'admin', headers: Record<string, string> = {}): Promise<Answer> {
  return send(toy.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: typeof payload === 'string' || payload instanceof Uint8Array ? (payload as string) : JSON.stringify(payload),
  });
}

/** Waits until something holds, without guessing how long that takes. */
export async function until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
