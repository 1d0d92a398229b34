import { AsyncLocalStorage } from 'node:async_hooks';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap, type HTTPGraphQLRequest, type HTTPGraphQLResponse } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { type GraphQLSchema, OperationTypeNode } from 'graphql';
import { type ArgusError } from '../domain/errors';
import { type Principal } from '../domain/role';
import { readJsonBody } from './body';
import { type Caller, type MakeContext } from './caller';
import { type ErrorScope, formatGraphQLError, httpStatusOf, requestError } from './graphql-errors';
import { type Log } from '../domain/log';
import { type OperationGate, type OperationRequest } from './operation-gate';
import { type ErrorAnswer, type RequestInfo, type Route } from './router';

/** What GraphQL over HTTP needs. */
export interface GraphQLHttpOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  readonly gate: OperationGate;
  readonly makeContext: MakeContext<Context>;
  readonly mayIntrospect: (principal: Principal) => boolean;
  /** Largest request body. */
  readonly bodyBytes: number;
  readonly log: Log;
}

/** The route /graphql and the engine behind it. */
export interface GraphQLHttp {
  readonly route: Route;
  /** Ends the engine. Call it once the HTTP server has answered its last request: later ones would fail. */
  stop(): Promise<void>;
}

/**
 * GraphQL over HTTP: the gate decides, Apollo Server executes and speaks the protocol. Apollo neither validates nor
 * caches persisted queries here: a document that did not pass the gate never reaches it.
 */
export async function createGraphQLHttp<Context extends object>(
  options: GraphQLHttpOptions<Context>,
): Promise<GraphQLHttp> {
  // Apollo hands its error hook nothing but the error; the request it belongs to comes along in the async context.
  const scopes = new AsyncLocalStorage<ErrorScope>();
  const apollo = new ApolloServer<Context>({
    schema: options.schema,
    dangerouslyDisableValidation: true,
    introspection: true,
    persistedQueries: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: asApolloLogger(options.log),
    plugins: [ApolloServerPluginLandingPageDisabled()],
    formatError: (_formatted, error) =>
      formatGraphQLError(error, scopes.getStore() ?? { requestId: 'none', log: options.log, hideSuggestions: true }),
  });
  await apollo.start();
  return {
    route: {
      methods: ['POST', 'GET'],
      pattern: '/graphql',
      authenticated: true,
      handler: (req, res, info) => answer(req, res, info),
      formatError: (error, req, requestId) =>
        formatRefusal(error, req, { requestId, log: options.log, hideSuggestions: true }),
    },
    stop: () => apollo.stop(),
  };

  async function answer(req: IncomingMessage, res: ServerResponse, info: RequestInfo): Promise<void> {
    const caller = callerOf(info);
    const request = await toApolloRequest(req, info.search, options.bodyBytes);
    const mayIntrospect = options.mayIntrospect(caller.principal);
    const scope: ErrorScope = { requestId: info.requestId, log: options.log, hideSuggestions: !mayIntrospect };
    const errors = refuse(operationOf(request), mayIntrospect, options.gate);
    if (errors.length > 0) {
      res.statusCode = httpStatusOf(errors);
      res.setHeader('content-type', contentTypeFor(req));
      res.end(JSON.stringify({ errors: errors.map((error) => formatGraphQLError(error, scope)) }));
      return;
    }
    const context = await options.makeContext(caller);
    const response = await scopes.run(scope, () =>
      apollo.executeHTTPGraphQLRequest({ httpGraphQLRequest: request, context: () => Promise.resolve(context) }),
    );
    await writeResponse(res, response);
  }
}

function callerOf({ principal, requestId, signal }: RequestInfo): Caller {
  if (!principal) throw new Error('the GraphQL route must be authenticated');
  return { principal, requestId, signal };
}

async function toApolloRequest(req: IncomingMessage, search: string, bodyBytes: number): Promise<HTTPGraphQLRequest> {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = req.method ?? 'GET';
  return { method, headers, search, body: method === 'POST' ? await readJsonBody(req, bodyBytes) : undefined };
}

/** The operation of a well-formed request; of any other nothing, for Apollo has the words for what is wrong with it. */
function operationOf(request: HTTPGraphQLRequest): OperationRequest | undefined {
  const { query, operationName, variables } =
    request.method === 'GET' ? fromSearch(request.search) : asRecord(request.body);
  if (typeof query !== 'string' || query === '') return undefined;
  return { query, operationName: typeof operationName === 'string' ? operationName : undefined, variables };
}

function fromSearch(search: string): Readonly<Record<string, unknown>> {
  const params = new URLSearchParams(search);
  const variables = params.get('variables');
  return { query: params.get('query'), operationName: params.get('operationName'), variables: parseOr(variables) };
}

function parseOr(text: string | null): unknown {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function refuse(
  request: OperationRequest | undefined,
  mayIntrospect: boolean,
  gate: OperationGate,
): readonly ReturnType<typeof requestError>[] {
  if (!request) return [];
  const admission = gate.admit(request, { mayIntrospect });
  if ('errors' in admission) return admission.errors;
  return admission.operation.operation === OperationTypeNode.SUBSCRIPTION
    ? [requestError('INVALID_INPUT', 'Subscriptions run over WebSocket, at this same path (graphql-transport-ws).')]
    : [];
}

async function writeResponse(res: ServerResponse, response: HTTPGraphQLResponse): Promise<void> {
  res.statusCode = response.status ?? 200;
  for (const [name, value] of response.headers) res.setHeader(name, value);
  if (response.body.kind === 'complete') {
    res.setHeader('content-length', Buffer.byteLength(response.body.string));
    res.end(response.body.string);
    return;
  }
  for await (const chunk of response.body.asyncIterator) res.write(chunk);
  res.end();
}

function formatRefusal(error: ArgusError, req: IncomingMessage, scope: ErrorScope): ErrorAnswer {
  const shown = formatGraphQLError(requestError(error.code, error.message), scope);
  return { contentType: contentTypeFor(req), body: JSON.stringify({ errors: [shown] }) };
}

/** application/graphql-response+json when the client likes it better than application/json, as Apollo answers too. */
function contentTypeFor(req: IncomingMessage): string {
  const accept = req.headers.accept ?? '';
  const [modern, plain] = [
    preference(accept, 'application/graphql-response+json'),
    preference(accept, 'application/json'),
  ];
  const type = modern > plain ? 'application/graphql-response+json' : 'application/json';
  return `${type}; charset=utf-8`;
}

/** Higher is better: the q of the type in an Accept header, then being named early; 0 = not named. */
function preference(accept: string, type: string): number {
  const ranges = accept.split(',').map((range) =>
    range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  const index = ranges.findIndex(([name]) => name === type);
  if (index === -1) return 0;
  const q = Number(ranges[index]?.find((part) => part.startsWith('q='))?.slice(2) ?? 1);
  return Number.isNaN(q) || q <= 0 ? 0 : q * 1_000 - index;
}

function asApolloLogger(log: Log): Record<'debug' | 'info' | 'warn' | 'error', (message: unknown) => void> {
  const at = (level: keyof Log) => (message: unknown) =>
    log[level]({ apollo: String(message) }, 'message of Apollo Server');
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
