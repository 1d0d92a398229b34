import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type DocumentWeight, weighDocument } from './document-weight';
import { requestError } from './graphql-errors';

/** What one operation may ask. Counts are taken after fragments are written out. */
export interface OperationLimits extends DocumentWeight {
  /** Lexical tokens of the document. */
  readonly tokens: number;
  /** Brackets of any kind open at once. */
  readonly nesting: number;
  /** Levels of lists and objects in the variables. */
  readonly variablesDepth: number;
}

/** Room for every operation of the dashboard and for the standard introspection query, and for little more. */
export const DEFAULT_OPERATION_LIMITS: OperationLimits = {
  tokens: 2_000,
  nesting: 100,
  depth: 15,
  fields: 500,
  rootFields: 20,
  aliases: 50,
  directives: 50,
  variablesDepth: 32,
};

/** What a client asks to run, over whatever transport. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: unknown;
}

/** Let in, with all that execution needs; or not, and why. */
export type Admission =
  | { readonly document: DocumentNode; readonly operation: OperationDefinitionNode }
  | { readonly errors: readonly GraphQLError[] };

/** The one gate that every operation passes, over HTTP and over WebSocket. */
export interface OperationGate {
  /** Parses, limits and validates. Its errors carry GRAPHQL_PARSE_FAILED, GRAPHQL_TOO_COMPLEX, GRAPHQL_VALIDATION_FAILED or INVALID_INPUT. */
  admit(request: OperationRequest, caller: { readonly mayIntrospect: boolean }): Admission;
}

/** Documents are kept by text; hostile ones are never kept, so they cannot push out those in use. */
const CACHE = { max: 1_000, maxTextLength: 4 * 1024 * 1024 };

const MAX_VALIDATION_ERRORS = 15;

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** Builds the gate of a schema; `limits` left out are the defaults. */
export function createOperationGate(schema: GraphQLSchema, limits: Partial<OperationLimits> = {}): OperationGate {
  const bounds: OperationLimits = { ...DEFAULT_OPERATION_LIMITS, ...limits };
  const admitted = new LRUCache<string, DocumentNode>({
    max: CACHE.max,
    maxSize: CACHE.maxTextLength,
    sizeCalculation: (_document, text) => text.length,
  });

  const load = (query: string, mayIntrospect: boolean): DocumentNode | readonly GraphQLError[] => {
    const key = `${mayIntrospect ? 'i' : '-'}${query}`;
    const known = admitted.get(key);
    if (known) return known;
    const document = parseWithin(query, bounds);
    if (!('kind' in document)) return document;
    const excess = excessOf(weighDocument(document), bounds);
    if (excess.length > 0) return excess;
    const rules = mayIntrospect ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const errors = validate(schema, document, rules, { maxErrors: MAX_VALIDATION_ERRORS });
    if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
    admitted.set(key, document);
    return document;
  };

  return {
    admit({ query, operationName, variables }, { mayIntrospect }) {
      const loaded = load(query, mayIntrospect);
      if (!('kind' in loaded)) return { errors: loaded };
      if (isDeeperThan(variables, bounds.variablesDepth)) {
        return { errors: [tooComplex('variablesDepth', bounds.variablesDepth, bounds.variablesDepth + 1)] };
      }
      const operation = getOperationAST(loaded, operationName);
      return operation ? { document: loaded, operation } : { errors: [unknownOperation(operationName)] };
    },
  };
}

/**
 * Reads the tokens before anything is parsed: the parser calls itself for each bracket, and a few thousand of them
 * would exhaust the stack.
 */
function parseWithin(query: string, bounds: OperationLimits): DocumentNode | readonly GraphQLError[] {
  try {
    const excess = lexicalExcess(query, bounds);
    return excess ? [excess] : parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
    throw error;
  }
}

function lexicalExcess(query: string, bounds: OperationLimits): GraphQLError | undefined {
  const lexer = new Lexer(new Source(query));
  let tokens = 0;
  let nesting = 0;
  for (let { kind } = lexer.advance(); kind !== TokenKind.EOF; kind = lexer.advance().kind) {
    if (++tokens > bounds.tokens) return tooComplex('tokens', bounds.tokens, tokens);
    if (OPENING.has(kind)) nesting++;
    else if (CLOSING.has(kind)) nesting--;
    if (nesting > bounds.nesting) return tooComplex('nesting', bounds.nesting, nesting);
  }
  return undefined;
}

function excessOf(weight: DocumentWeight, bounds: OperationLimits): readonly GraphQLError[] {
  const names = ['depth', 'fields', 'rootFields', 'aliases', 'directives'] as const;
  return names
    .filter((name) => weight[name] > bounds[name])
    .map((name) => tooComplex(name, bounds[name], weight[name]));
}

/** `actual` is exact, but for tokens, nesting and variablesDepth, where counting stops at the first excess. */
function tooComplex(limitName: keyof OperationLimits, limit: number, actual: number): GraphQLError {
  return requestError(
    'GRAPHQL_TOO_COMPLEX',
    `The operation exceeds the limit "${limitName}": ${actual}, allowed ${limit}.`,
    {
      limitName,
      limit,
      actual,
    },
  );
}

function unknownOperation(name: string | null | undefined): GraphQLError {
  return requestError(
    'INVALID_INPUT',
    name
      ? 'The document has no operation of the given operationName.'
      : 'Name one operation of the document in operationName.',
  );
}

function withCode(error: GraphQLError, code: 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED'): GraphQLError {
  error.extensions.code = code;
  return error;
}

/** Walks without recursion: the value may be nested as deeply as a body is long. */
function isDeeperThan(value: unknown, limit: number): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    const depth = next.depth + 1;
    if (depth > limit) return true;
    for (const child of Object.values(next.value)) {
      if (typeof child === 'object' && child !== null) open.push({ value: child, depth });
    }
  }
  return false;
}
