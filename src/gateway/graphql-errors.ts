import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { ArgusError, type ErrorCode, ERRORS } from '../domain/errors';
import { SlowConsumerError } from '../domain/bounded-queue';
import { type Log } from '../domain/log';

/** Codes that only GraphQL answers carry, beside those of `ERRORS`. */
export const GRAPHQL_ERRORS = {
  GRAPHQL_PARSE_FAILED: { http: 400, retryable: false },
  GRAPHQL_VALIDATION_FAILED: { http: 400, retryable: false },
  PERSISTED_QUERY_NOT_SUPPORTED: { http: 200, retryable: false },
} as const;

/** Every code that `extensions.code` can hold. */
export type GraphQLErrorCode = ErrorCode | keyof typeof GRAPHQL_ERRORS;

const TABLE: Readonly<Record<string, { readonly http: number; readonly retryable: boolean } | undefined>> = {
  ...ERRORS,
  ...GRAPHQL_ERRORS,
};

/** What Apollo and type-graphql call what we already have a word for. */
const SYNONYMS: Readonly<Record<string, ErrorCode | undefined>> = {
  BAD_REQUEST: 'INVALID_INPUT',
  BAD_USER_INPUT: 'INVALID_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'INVALID_INPUT',
  UNAUTHORIZED: 'FORBIDDEN',
};

/** Longer messages are cut: graphql-js quotes the caller's values, which may be as long as the body. */
const MAX_MESSAGE = 1_000;

/** What formatting needs beside the error. */
export interface ErrorScope {
  readonly requestId: string;
  readonly log: Log;
  /** True: field names that the caller did not know are not offered ("Did you mean …"). */
  readonly hideSuggestions: boolean;
}

/** An error of a request that is refused before it runs, with its code and what else helps the client. */
export function requestError(
  code: GraphQLErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...details, code } });
}

/**
 * The one way errors leave over GraphQL: `{message, locations, path, extensions: {code, requestId, retryable}}`.
 * Expected ones keep their words. Anything else is INTERNAL "Internal error" and is logged here, once, with the id.
 */
export function formatGraphQLError(error: unknown, scope: ErrorScope): GraphQLFormattedError {
  const outer = error instanceof GraphQLError ? error : undefined;
  const shown = showable(error);
  if (!shown)
    scope.log.error({ err: rootOf(error), requestId: scope.requestId, path: outer?.path }, 'operation failed');
  const { code, message, details } = shown ?? { code: 'INTERNAL', message: 'Internal error' };
  return {
    message: clip(scope.hideSuggestions ? hideSuggestions(message) : message),
    ...placeOf(error),
    extensions: { ...details, code, requestId: scope.requestId, retryable: TABLE[code]?.retryable ?? false },
  };
}

/** The HTTP status of a request that was refused with these errors before it ran. */
export function httpStatusOf(errors: readonly GraphQLError[]): number {
  return TABLE[codeOf(errors[0]) ?? 'INTERNAL']?.http ?? 400;
}

function placeOf(error: unknown): Pick<GraphQLFormattedError, 'locations' | 'path'> {
  if (!(error instanceof GraphQLError)) return {};
  return { ...(error.locations && { locations: error.locations }), ...(error.path && { path: error.path }) };
}

interface Shown {
  readonly code: GraphQLErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What the client may see of an error; undefined = nothing, it is ours. */
function showable(error: unknown): Shown | undefined {
  const root = rootOf(error);
  if (error instanceof GraphQLError && isVariableError(error)) {
    // The outer message names the variable; the code may be finer, as of a malformed cursor.
    return { code: root instanceof ArgusError ? root.code : 'INVALID_INPUT', message: error.message };
  }
  if (root instanceof ArgusError) return ofArgusError(root);
  if (isUnstorableText(root)) return { code: 'INVALID_INPUT', message: 'A text holds U+0000, which cannot be kept.' };
  if (!(root instanceof GraphQLError)) return undefined;
  const code = codeOf(error) ?? codeOf(root);
  if (code !== undefined) return { code, message: root.message, details: detailsOf(root) };
  // Without a code it is graphql-js speaking. Of the caller's document (then it points into it): arguments that could
  // not be read. Of our data (then it points nowhere): a value a scalar could not serialise, not the caller's business.
  return root.nodes || !(error instanceof GraphQLError) || error.path === undefined
    ? { code: 'INVALID_INPUT', message: root.message }
    : undefined;
}

/** What Postgres says (SQLSTATE 22021) of a NUL in a parameter: where it came from, only the caller knows. */
function isUnstorableText(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '22021';
}

function ofArgusError(error: ArgusError): Shown | undefined {
  if (error.code === 'INTERNAL') return undefined;
  const details = {
    ...(error.inputPath && { inputPath: error.inputPath }),
    ...(error instanceof SlowConsumerError && error.cursor !== undefined && { cursor: error.cursor }),
  };
  return { code: error.code, message: error.message, details };
}

/** What was thrown first: resolvers' errors arrive wrapped in a GraphQLError that knows their place. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

function codeOf(error: unknown): GraphQLErrorCode | undefined {
  const code: unknown = error instanceof GraphQLError ? error.extensions.code : undefined;
  if (typeof code !== 'string') return undefined;
  const own = SYNONYMS[code] ?? code;
  return TABLE[own] ? (own as GraphQLErrorCode) : undefined;
}

/** Only what the gate itself puts there: extensions of others may hold internals, as Apollo's `http` or a stack. */
function detailsOf(error: GraphQLError): Readonly<Record<string, unknown>> {
  const { limitName, limit, actual } = error.extensions;
  return limitName === undefined ? {} : { limitName, limit, actual };
}

function isVariableError(error: GraphQLError): boolean {
  return error.path === undefined && error.nodes?.length === 1 && error.nodes[0]?.kind === Kind.VARIABLE_DEFINITION;
}

function hideSuggestions(message: string): string {
  return message.replace(/ ?Did you mean .+?\?$/s, '');
}

function clip(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}
