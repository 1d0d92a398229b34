import { Arg, Authorized, Ctx, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { isDay, KEY, keyOf, parseGlobalId } from '../domain/cursor';
import { type Role } from '../domain/role';
import { RoleEnum } from '../entities/enums';
import { Node } from '../entities/node';
import { type Context } from './context';

@ObjectType('Principal', { description: 'Who is calling.' })
export class PrincipalObject {
  @Field(() => String)
  name: string;

  @Field(() => RoleEnum)
  role: Role;
}

type Load = (id: string, context: Context) => Promise<Node | null>;

/** How each type of node is found by its global id. */
const LOAD: Readonly<Record<string, Load>> = {
  Incident: (id, { loaders }) => loaders.incident.load(keyOf('Incident', id, KEY.UUID)[0] ?? ''),
  Finding: (id, { loaders }) => loaders.finding.load(Number(keyOf('Finding', id, KEY.NUMBER)[0])),
  Stream: (id, { loaders }) => loaders.stream.load(Number(keyOf('Stream', id, KEY.NUMBER)[0])),
  Response: (id, { loaders }) => loaders.response.load(keyOf('Response', id, KEY.UUID)[0] ?? ''),
  Override: (id, { loaders }) => loaders.override.load(keyOf('Override', id, KEY.UUID)[0] ?? ''),
  Event: (id, { loaders }) => {
    const [day = '', key] = keyOf('Event', id, KEY.DAY, KEY.NUMBER);
    return isDay(day) ? loaders.event.load({ day, key: Number(key) }) : Promise.resolve(null);
  },
};

@Resolver()
export class NodeResolver {
  @Authorized('VIEWER')
  @Query(() => Node, { nullable: true, description: 'Anything that has a global id; null when it does not exist.' })
  async node(@Arg('id', () => ID) id: string, @Ctx() context: Context): Promise<Node | null> {
    const { type } = parseGlobalId(id);
    return (await LOAD[type]?.(id, context)) ?? null;
  }

  @Authorized('VIEWER')
  @Query(() => PrincipalObject)
  me(@Ctx() { principal }: Context): PrincipalObject {
    return principal;
  }
}
