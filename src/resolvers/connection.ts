import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { ArgusError } from '../domain/errors';
import { Cursor } from '../entities/scalars';
import { type Page, type PageArgs } from '../store/page';

/** Most rows of a page. */
export const MAX_FIRST = 100;

@ObjectType({ description: 'Where a page lies in its list (Relay).' })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage: boolean;

  @Field(() => Boolean)
  hasPreviousPage: boolean;

  @Field(() => Cursor, { nullable: true })
  startCursor: string | null;

  @Field(() => Cursor, { nullable: true })
  endCursor: string | null;
}

/** `first` and `after`, for lists. */
@ArgsType()
export class ConnectionArgs {
  @Field(() => Int, { description: `How many, 1 to ${MAX_FIRST}.` })
  first: number;

  @Field(() => Cursor, { nullable: true, description: 'Go on behind this cursor.' })
  after?: string | null;
}

/** Like `ConnectionArgs`, for lists inside an object: a first page needs no argument. */
@ArgsType()
export class NestedConnectionArgs {
  @Field(() => Int, { defaultValue: 20, description: `How many, 1 to ${MAX_FIRST}.` })
  first: number;

  @Field(() => Cursor, { nullable: true, description: 'Go on behind this cursor.' })
  after?: string | null;
}

/** @throws ArgusError INVALID_INPUT when `first` is out of range. */
export function pageArgs({ first, after }: ConnectionArgs): PageArgs {
  if (first < 1 || first > MAX_FIRST) {
    throw new ArgusError('INVALID_INPUT', `first: from 1 to ${MAX_FIRST}; this is ${first}.`, ['first']);
  }
  return { first, after: after ?? null };
}

export interface Connection<Node> {
  readonly edges: readonly { readonly node: Node; readonly cursor: string }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: PageInfo;
}

/** The connection of a page that was read. */
export function toConnection<Node>({ rows, cursors, hasNextPage, hasPreviousPage }: Page<Node>): Connection<Node> {
  return {
    edges: rows.map((node, index) => ({ node, cursor: cursors[index] ?? '' })),
    nodes: rows,
    pageInfo: { hasNextPage, hasPreviousPage, startCursor: cursors[0] ?? null, endCursor: cursors.at(-1) ?? null },
  };
}

/** The GraphQL types `<name>Connection` and `<name>Edge` of a list of these. */
export function connectionType<Node extends object>(
  name: string,
  NodeType: ClassType<Node>,
): ClassType<Connection<Node>> {
  @ObjectType(`${name}Edge`, { description: `A ${name} at its place in a list.` })
  class Edge {
    @Field(() => Cursor)
    cursor: string;

    @Field(() => NodeType)
    node: Node;
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${name}s.` })
  class ConnectionObject implements Connection<Node> {
    @Field(() => [Edge])
    edges: Edge[];

    @Field(() => [NodeType], { description: 'The same without their cursors.' })
    nodes: Node[];

    @Field(() => PageInfo)
    pageInfo: PageInfo;
  }
  return ConnectionObject;
}
