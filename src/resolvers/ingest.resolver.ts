import { Arg, Authorized, Field, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { type IngestReport, type IngestService } from '../agent/index';
import { type Json } from '../domain/json';
import { JsonScalar } from '../entities/scalars';
import { idempotencyKeyOf } from './idempotency-key';
import { outcomeOf, Problem } from './problems';

/** Most events of one mutation; more go to POST /ingest/{stream}. */
const MAX_EVENTS = 1_000;

@InputType()
export class IngestEventsInput {
  @Field(() => String, { description: 'a-z, 0-9, dot, underscore, hyphen; 1 to 64. Registered on first use.' })
  stream: string;

  @Field(() => [JsonScalar], { description: `Objects, 1 to ${MAX_EVENTS}; for more there is POST /ingest/{stream}.` })
  events: Json[];

  @Field(() => String, {
    nullable: true,
    description: 'Makes events without an id of their own distinct by their place, and a repeated call a duplicate.',
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: 'An event that was not taken, and why.' })
export class RejectedEvent {
  @Field(() => Int, { description: 'Its place in the input, from 1.' })
  line: number;

  @Field(() => String)
  code: string;

  @Field(() => String)
  message: string;
}

@ObjectType()
export class IngestEventsPayload {
  @Field(() => Int, { nullable: true, description: 'Newly stored; durable. Null on failure.' })
  accepted: number | null;

  @Field(() => Int, { nullable: true, description: 'Known by (stream, id) already.' })
  duplicates: number | null;

  @Field(() => [RejectedEvent])
  rejected: readonly RejectedEvent[];

  @Field(() => [Problem])
  problems: Problem[];
}

@Resolver()
export class IngestResolver {
  constructor(private readonly ingest: IngestService) {}

  @Authorized('ANALYST')
  @Mutation(() => IngestEventsPayload, { description: 'Stores events; detection follows by itself.' })
  ingestEvents(@Arg('input', () => IngestEventsInput) input: IngestEventsInput): Promise<IngestEventsPayload> {
    const store = async (): Promise<IngestReport> => {
      const { stream, events } = input;
      return this.ingest.values(stream, events, { idempotencyKey: idempotencyKeyOf(input), most: MAX_EVENTS });
    };
    return outcomeOf(store, { accepted: null, duplicates: null, rejected: [] });
  }
}
