import {
  type DocumentNode,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type DocumentWeight, weighDocument } from './document-weight';
import { requestError } from './graphql-errors';

/** What one operation may ask. Counts are taken after fragments are written out. */
export interface OperationLimits extends DocumentWeight {
  /** Lexical tokens of the document; parsing stops there. */
  readonly tokens: number;
  /** Levels of lists and objects in the variables. */
  readonly variablesDepth: number;
}

/** Room for every operation of the dashboard and for the standard introspection query, and for little more. */
export const DEFAULT_OPERATION_LIMITS: OperationLimits = {
  tokens: 2_000,
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
    const document = parseWithin(query, bounds.tokens);
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

function parseWithin(query: string, maxTokens: number): DocumentNode | readonly GraphQLError[] {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    const syntaxError = error as GraphQLError;
    // graphql-js marks this case in its words alone; a test holds them.
    if (syntaxError.message.includes('tokens. Parsing aborted'))
      return [tooComplex('tokens', maxTokens, maxTokens + 1)];
    return [withCode(syntaxError, 'GRAPHQL_PARSE_FAILED')];
  }
}

function excessOf(weight: DocumentWeight, bounds: OperationLimits): readonly GraphQLError[] {
  const names = ['depth', 'fields', 'rootFields', 'aliases', 'directives'] as const;
  return names
    .filter((name) => weight[name] > bounds[name])
    .map((name) => tooComplex(name, bounds[name], weight[name]));
}

/** `actual` is exact, but for the two limits where counting stops at the first excess. */
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
