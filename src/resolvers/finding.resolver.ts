import { Arg, Args, Authorized, Ctx, Field, FieldResolver, ID, InputType, Query, Resolver, Root } from 'type-graphql';
import { KEY, keyOf } from '../domain/cursor';
import { type Severity } from '../domain/severity';
import { SeverityEnum } from '../entities/enums';
import { Event } from '../entities/event.entity';
import { Finding } from '../entities/finding.entity';
import { Incident } from '../entities/incident.entity';
import { type FindingReader } from '../store/finding-reader';
import { type Connection, ConnectionArgs, pageArgs, toConnection } from './connection';
import { type Context } from './context';
import { givenParts } from './given-parts';
import { FindingConnection } from './incident.types';

@InputType({ description: 'Every part that is given must hold.' })
export class FindingFilter {
  @Field(() => ID, { nullable: true })
  incidentId?: string;

  @Field(() => String, { nullable: true })
  rule?: string;

  @Field(() => String, { nullable: true })
  detector?: string;

  @Field(() => String, { nullable: true })
  stream?: string;

  @Field(() => SeverityEnum, { nullable: true })
  minSeverity?: Severity;
}

@Resolver(() => Finding)
export class FindingResolver {
  constructor(private readonly reader: FindingReader) {}

  @Authorized('VIEWER')
  @Query(() => FindingConnection, { description: 'Newest first.' })
  async findings(
    @Args(() => ConnectionArgs) args: ConnectionArgs,
    @Arg('filter', () => FindingFilter, { nullable: true }) filter: FindingFilter | null,
  ): Promise<Connection<Finding>> {
    const { incidentId, ...rest } = givenParts(filter);
    const incidentKey = incidentId === undefined ? undefined : keyOf('Incident', incidentId, KEY.UUID)[0];
    return toConnection(
      await this.reader.page(pageArgs(args), { ...rest, ...(incidentKey !== undefined && { incidentKey }) }),
    );
  }

  @FieldResolver(() => Event, { nullable: true, description: 'Null when it has passed its retention.' })
  event(@Root() { eventDay, eventKey }: Finding, @Ctx() { loaders }: Context): Promise<Event | null> {
    return loaders.event.load({ day: eventDay, key: eventKey });
  }

  @FieldResolver(() => Incident, { nullable: true })
  incident(@Root() { incidentKey }: Finding, @Ctx() { loaders }: Context): Promise<Incident | null> {
    return loaders.incident.load(incidentKey);
  }
}
