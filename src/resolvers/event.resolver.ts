import { Arg, Args, Authorized, Field, InputType, Query, Resolver } from 'type-graphql';
import { Event } from '../entities/event.entity';
import { DateTime } from '../entities/scalars';
import { Stream } from '../entities/stream.entity';
import { type EventFilter, type EventReader } from '../store/event-reader';
import { type Connection, ConnectionArgs, connectionType, pageArgs, toConnection } from './connection';
import { givenParts } from './given-parts';

const EventConnection = connectionType('Event', Event);
const StreamConnection = connectionType('Stream', Stream);

@InputType('EventFilter', { description: 'Every part that is given must hold.' })
export class EventFilterInput implements EventFilter {
  @Field(() => String, { nullable: true })
  stream?: string;

  @Field(() => String, { nullable: true, description: 'OCSF src_endpoint.ip.' })
  sourceIp?: string;

  @Field(() => String, { nullable: true, description: 'OCSF actor.user.name.' })
  userName?: string;

  @Field(() => String, { nullable: true, description: 'Deduplication key within the stream.' })
  uid?: string;

  @Field(() => DateTime, { nullable: true })
  receivedAfter?: Date;

  @Field(() => DateTime, { nullable: true })
  receivedBefore?: Date;
}

@Resolver()
export class EventResolver {
  constructor(private readonly reader: EventReader) {}

  @Authorized('VIEWER')
  @Query(() => EventConnection, { description: 'Newest first.' })
  async events(
    @Args(() => ConnectionArgs) args: ConnectionArgs,
    @Arg('filter', () => EventFilterInput, { nullable: true }) filter: EventFilterInput | null,
  ): Promise<Connection<Event>> {
    return toConnection(await this.reader.page(pageArgs(args), givenParts(filter)));
  }

  @Authorized('VIEWER')
  @Query(() => StreamConnection, { description: 'In order of registration.' })
  async streams(@Args(() => ConnectionArgs) args: ConnectionArgs): Promise<Connection<Stream>> {
    return toConnection(await this.reader.streams(pageArgs(args)));
  }
}
