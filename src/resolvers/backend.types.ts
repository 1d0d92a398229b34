import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime, SafeInt } from '../entities/scalars';

const BreakerState = { CLOSED: 'CLOSED', OPEN: 'OPEN', HALF_OPEN: 'HALF_OPEN' } as const;
registerEnumType(BreakerState, {
  name: 'BreakerState',
  description: 'OPEN: calls fail at once until a trial succeeds.',
});

const JobQueueState = { UNKNOWN: 'UNKNOWN', MOVING: 'MOVING', STUCK: 'STUCK' } as const;
registerEnumType(JobQueueState, {
  name: 'JobQueueState',
  description: 'UNKNOWN until a job has been watched. STUCK: a job has waited too long, whatever health says.',
});

@ObjectType('BackendJobQueue', {
  description: 'Whether the backend works on its jobs; its health check does not tell.',
})
export class BackendJobQueueObject {
  @Field(() => JobQueueState)
  state: keyof typeof JobQueueState;

  @Field(() => DateTime, { nullable: true, description: 'Since when the state holds.' })
  since: Date | null;
}

@ObjectType({ description: "What is left below the backend's rate limit." })
export class BackendBudget {
  @Field(() => Int)
  capacity: number;

  @Field(() => Int, { description: 'Calls that a response may make now.' })
  left: number;

  @Field(() => Int, { description: 'Calls that background work may make now; a share is kept for responses.' })
  leftForBackground: number;

  @Field(() => DateTime, { nullable: true })
  nextTokenAt: Date | null;
}

@ObjectType({ description: 'One tool of the backend, as Argus sees it.' })
export class BackendToolStatus {
  @Field(() => String)
  tool: string;

  @Field(() => BreakerState)
  breaker: keyof typeof BreakerState;

  @Field(() => Int)
  attempts: number;

  @Field(() => Int, { description: 'Attempts that showed the backend unwell.' })
  failures: number;

  @Field(() => Int, { description: 'Calls being made now.' })
  active: number;

  @Field(() => String, { nullable: true })
  lastFailure: string | null;

  @Field(() => BackendBudget, { nullable: true, description: 'Null where the backend sets no limit.' })
  budget: BackendBudget | null;

  @Field(() => String, { nullable: true, description: 'Why the tool cannot be used as Argus is configured.' })
  unavailable: string | null;
}

@ObjectType({ description: 'How often trust tokens spared the backend its work. Null where it said nothing usable.' })
export class ReuseStatsObject {
  @Field(() => SafeInt, { nullable: true })
  totalRequests: number | null;

  @Field(() => SafeInt, { nullable: true })
  cacheHits: number | null;

  @Field(() => SafeInt, { nullable: true })
  cacheMisses: number | null;

  @Field(() => SafeInt, { nullable: true })
  validationFailures: number | null;

  @Field(() => Float, { nullable: true, description: '0 to 1.' })
  cacheHitRate: number | null;

  @Field(() => Float, { nullable: true, description: '0 to 1.' })
  failureRate: number | null;

  @Field(() => Float, { nullable: true })
  averageValidationMs: number | null;

  @Field(() => String, { nullable: true, description: "The backend's own word: healthy, warning or critical." })
  health: string | null;
}

@ObjectType({ description: 'An override that is active at the backend, whoever opened it.' })
export class BackendOverrideObject {
  @Field(() => String)
  backendId: string;

  @Field(() => String)
  adminId: string;

  @Field(() => String)
  justification: string;

  @Field(() => DateTime)
  startsAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null: it never ends, which is dangerous.' })
  endsAt: Date | null;
}

@ObjectType({ description: 'The answer of its health check; says nothing about its job queue.' })
export class BackendHealth {
  @Field(() => String)
  status: string;

  @Field(() => Float)
  tookMs: number;
}

@ObjectType('Backend', { description: 'The content-sanitization backend.' })
export class BackendObject {
  @Field(() => String, { description: 'Scheme, host and port.' })
  origin: string;

  @Field(() => Boolean)
  mutualTls: boolean;

  @Field(() => BackendJobQueueObject)
  jobQueue: BackendJobQueueObject;

  @Field(() => Int, {
    description: 'Contents that are kept from it because it is known, or suspected, to die of them.',
  })
  quarantined: number;

  @Field(() => [BackendToolStatus])
  tools: BackendToolStatus[];
}
