import { type IncomingMessage, type ServerResponse } from 'node:http';
import { ArgusError } from '../domain/errors';
import { type Principal } from '../domain/role';

/** What a handler knows of its request beside the request itself. */
export interface RequestInfo {
  /** The `:name` parts of the route's pattern, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** `?` and what follows, or empty. */
  readonly search: string;
  /** Also in the response header x-request-id and in every log line about this request. */
  readonly requestId: string;
  /** Who calls; always there when the route is `authenticated`. */
  readonly principal?: Principal;
  /** Aborts when the client leaves before it has its answer. */
  readonly signal: AbortSignal;
}

/** Answers one request. What it throws becomes the answer: an ArgusError as it is, anything else as INTERNAL. */
export type Handler = (req: IncomingMessage, res: ServerResponse, info: RequestInfo) => void | Promise<void>;

/** An error answer as a route wants it written. */
export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** One line of the route table. */
export interface Route {
  /** Upper-case HTTP methods. */
  readonly methods: readonly string[];
  /** Segments are literal, `:name` for any one segment, or a last `*` for any rest. */
  readonly pattern: string;
  /** True: the request is authenticated before the handler runs and before its body is asked for. */
  readonly authenticated?: boolean;
  readonly handler: Handler;
  /** How errors are written here; default `{error: {code, message, requestId, path?}}`. */
  readonly formatError?: (error: ArgusError, req: IncomingMessage, requestId: string) => ErrorAnswer;
}

/** A route found for a path and method. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** What a path and method lead to: a route, or the methods that the path would take. */
export type Found = Match | { readonly allowed: readonly string[] };

/** Compiles a route table; patterns are tried in the given order. Throws INVALID_INPUT on bad percent-encoding. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Found {
  const table = routes.map((route) => ({ route, segments: route.pattern.split('/') }));
  return (method, path) => {
    const segments = path.split('/');
    const allowed = new Set<string>();
    for (const { route, segments: pattern } of table) {
      const params = matchSegments(pattern, segments);
      if (!params) continue;
      if (route.methods.includes(method)) return { route, params };
      for (const other of route.methods) allowed.add(other);
    }
    return { allowed: [...allowed] };
  };
}

function matchSegments(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  const open = pattern.at(-1) === '*';
  if (open ? path.length < pattern.length : path.length !== pattern.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = path[index] ?? '';
    if (expected === '*' && index === pattern.length - 1) params['*'] = decode(path.slice(index).join('/'));
    else if (expected.startsWith(':') && actual !== '') params[expected.slice(1)] = decode(actual);
    else if (expected !== actual) return undefined;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new ArgusError('INVALID_INPUT', 'The path holds malformed percent-encoding.', undefined, { cause: error });
  }
}
