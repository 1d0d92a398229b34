import { Field, ID, InterfaceType } from 'type-graphql';

/** Relay's Node: whatever can be fetched alone by `node(id)`. */
@InterfaceType('Node', {
  description: 'Whatever can be fetched alone by node(id).',
  resolveType: (value: object) => value.constructor.name,
})
export abstract class Node {
  @Field(() => ID, { description: 'Global id; opaque.' })
  readonly id: string;
}
