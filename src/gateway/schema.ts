import 'reflect-metadata';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type IResolvers, printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema, type BuildSchemaOptions, createResolversMap } from 'type-graphql';
import { ArgusError } from '../domain/errors';
import { hasRole, type Role } from '../domain/role';
import { type Context } from '../resolvers/context';
import { PROBLEM_TYPES } from '../resolvers/problems';
import { RESOLVERS } from '../resolvers/resolvers';

/** The schema, and the same as text. */
export interface ArgusSchema {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
}

/**
 * The GraphQL schema over these resolvers. It goes through SDL with directives: type-graphql's own
 * `buildTypeDefsAndResolvers` drops them without a word.
 */
export async function createSchema(resolvers: ReadonlyMap<unknown, object>): Promise<ArgusSchema> {
  const options: BuildSchemaOptions = {
    resolvers: RESOLVERS,
    orphanedTypes: [...PROBLEM_TYPES],
    validate: false,
    pubSub: NO_PUBSUB,
    container: { get: (type: unknown) => resolverOf(resolvers, type) },
    authChecker: ({ context }, roles) => authorise(context as Context, roles as readonly Role[]),
  };
  const direct = await buildSchema(options);
  const typeDefs = printSchemaWithDirectives(direct);
  const schema = makeExecutableSchema({ typeDefs, resolvers: createResolversMap(direct) as IResolvers });
  return { schema, sdl: printSchema(lexicographicSortSchema(schema)) };
}

/** type-graphql insists on one; feeds come from the event log, each subscription with a `subscribe` of its own. */
const NO_PUBSUB = {
  publish(): never {
    throw new ArgusError('INTERNAL', 'Nothing is published here.');
  },
  subscribe(): never {
    throw new ArgusError('INTERNAL', 'Subscriptions read the event log.');
  },
};

function resolverOf(resolvers: ReadonlyMap<unknown, object>, type: unknown): object {
  const resolver = resolvers.get(type);
  if (!resolver) throw new ArgusError('INTERNAL', 'A resolver class has no instance.');
  return resolver;
}

function authorise({ principal }: Context, [needed]: readonly Role[]): boolean {
  if (needed === undefined || hasRole(principal.role, needed)) return true;
  throw new ArgusError('FORBIDDEN', `This needs the role ${needed}; yours is ${principal.role}.`);
}
