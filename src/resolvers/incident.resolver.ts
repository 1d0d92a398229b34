import {
  Arg,
  Args,
  Authorized,
  Ctx,
  FieldResolver,
  ID,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { KEY, keyOf } from '../domain/cursor';
import { type Finding } from '../entities/finding.entity';
import { Incident } from '../entities/incident.entity';
import { Response } from '../entities/response.entity';
import { Cursor } from '../entities/scalars';
import { type TimelineEntry } from '../entities/timeline-entry.entity';
import { type IncidentReader } from '../store/incident-reader';
import { type IncidentWriter } from '../store/incident-writer';
import { type Connection, ConnectionArgs, NestedConnectionArgs, pageArgs, toConnection } from './connection';
import { type Context } from './context';
import {
  FindingConnection,
  IncidentChange,
  IncidentConnection,
  IncidentFilterInput,
  IncidentOrder,
  TimelineConnection,
  UpdateIncidentInput,
  UpdateIncidentPayload,
} from './incident.types';
import { givenParts } from './given-parts';
import { outcomeOf } from './problems';

interface SubscribeTo {
  readonly args: { readonly filter?: IncidentFilterInput | null; readonly after?: string | null };
  readonly context: Context;
}

@Resolver(() => Incident)
export class IncidentResolver {
  constructor(
    private readonly reader: IncidentReader,
    private readonly writer: IncidentWriter,
  ) {}

  @Authorized('VIEWER')
  @Query(() => Incident, { nullable: true, description: 'One incident; null when there is none with this id.' })
  incident(@Arg('id', () => ID) id: string, @Ctx() { loaders }: Context): Promise<Incident | null> {
    const [key = ''] = keyOf('Incident', id, KEY.UUID);
    return loaders.incident.load(key);
  }

  @Authorized('VIEWER')
  @Query(() => IncidentConnection)
  async incidents(
    @Args(() => ConnectionArgs) args: ConnectionArgs,
    @Arg('filter', () => IncidentFilterInput, { nullable: true }) filter: IncidentFilterInput | null,
    @Arg('orderBy', () => IncidentOrder, { nullable: true }) orderBy: IncidentOrder | null,
  ): Promise<Connection<Incident>> {
    return toConnection(await this.reader.page(pageArgs(args), givenParts(filter), orderBy ?? 'NEWEST'));
  }

  @Authorized('ANALYST')
  @Mutation(() => UpdateIncidentPayload)
  updateIncident(
    @Arg('input', () => UpdateIncidentInput) input: UpdateIncidentInput,
    @Ctx() { principal }: Context,
  ): Promise<UpdateIncidentPayload> {
    const update = async (): Promise<{ incident: Incident }> => {
      const [key = ''] = keyOf('Incident', input.id, KEY.UUID);
      return { incident: await this.writer.update({ ...input, key, by: principal.name }) };
    };
    return outcomeOf(update, { incident: null });
  }

  @Authorized('VIEWER')
  @Subscription(() => IncidentChange, {
    name: 'incidents',
    description: 'Changes of incidents. With `after`, first those missed since that cursor: without gap or repeat.',
    subscribe: ({ args, context }) =>
      (context as Context).incidentFeed.open(
        givenParts((args as SubscribeTo['args']).filter),
        (args as SubscribeTo['args']).after ?? null,
      ),
  })
  incidentChanges(
    @Root() change: IncidentChange,
    @Arg('filter', () => IncidentFilterInput, { nullable: true }) _filter: IncidentFilterInput | null,
    @Arg('after', () => Cursor, { nullable: true }) _after: string | null,
  ): IncidentChange {
    return change;
  }

  @FieldResolver(() => FindingConnection, { description: 'Newest first.' })
  async findings(
    @Root() { key }: Incident,
    @Args(() => NestedConnectionArgs) args: NestedConnectionArgs,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<Finding>> {
    return toConnection(await loaders.findingsOf.load({ incidentKey: key, ...pageArgs(args) }));
  }

  @FieldResolver(() => TimelineConnection, { description: 'Oldest first.' })
  async timeline(
    @Root() { key }: Incident,
    @Args(() => NestedConnectionArgs) args: NestedConnectionArgs,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<TimelineEntry>> {
    return toConnection(await loaders.timelineOf.load({ incidentKey: key, ...pageArgs(args) }));
  }

  @FieldResolver(() => [Response], { description: 'Newest first, at most 50.' })
  responses(@Root() { key }: Incident, @Ctx() { loaders }: Context): Promise<readonly Response[]> {
    return loaders.responsesOf.load(key);
  }
}
