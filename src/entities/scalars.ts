import { GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTime, GraphQLJSON, GraphQLSafeInt } from 'graphql-scalars';
import { ArgusError } from '../domain/errors';

export const DateTime = GraphQLDateTime;
export const JsonScalar = GraphQLJSON;
/** Whole numbers up to 2^53: for what outgrows GraphQL's 32-bit Int, such as offsets. */
export const SafeInt = GraphQLSafeInt;

function parseCursor(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9_-]{1,200}$/.test(value)) return value;
  throw new ArgusError('INVALID_CURSOR', 'A cursor is 1 to 200 characters of base64url that Argus gave you.', [
    'after',
  ]);
}

/** A place in a list or feed: opaque, given out by Argus, valid as `after` of the same list or feed. */
export const Cursor = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description: 'A place in a list or feed. Opaque: pass back one that the same list or feed gave you.',
  serialize: (value) => String(value),
  parseValue: parseCursor,
  parseLiteral: (node) => parseCursor(node.kind === Kind.STRING ? node.value : null),
});
