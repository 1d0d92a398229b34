import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  Float,
  Int,
  Mutation,
  InputType,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { type Agent, PLAYBOOKS } from '../agent/index';
import { ArgusError } from '../domain/errors';
import { AgentModeEnum, SeverityEnum } from '../entities/enums';
import { type AgentMode } from '../domain/response';
import { type Severity } from '../domain/severity';
import { type Override } from '../entities/override.entity';
import { DateTime, SafeInt } from '../entities/scalars';
import { type EventReader } from '../store/event-reader';
import { type InstanceStore } from '../store/instance-store';
import { type Context } from './context';
import { outcomeOf, Problem } from './problems';

@ObjectType({ description: 'A process of Argus.' })
export class AgentInstance {
  @Field(() => String)
  id: string;

  @Field(() => String)
  host: string;

  @Field(() => Int)
  pid: number;

  @Field(() => DateTime)
  startedAt: Date;

  @Field(() => DateTime, { description: 'Written every 2 s; a process is given up after 10 s without.' })
  heartbeatAt: Date;
}

@ObjectType({
  description: 'From receipt of an event to the commit of its detection, in this process, latest 4,096 events.',
})
export class DetectionLatency {
  @Field(() => Float, { nullable: true, description: 'Median, ms; null before the first event.' })
  p50Ms: number | null;

  @Field(() => Float, { nullable: true, description: '99th percentile, ms.' })
  p99Ms: number | null;
}

@ObjectType('Playbook', { description: 'Steps that a response runs, one after another.' })
export class PlaybookObject {
  @Field(() => String)
  name: string;

  @Field(() => String)
  description: string;

  @Field(() => [String], { description: 'Actions, in order.' })
  steps: readonly string[];

  @Field(() => SeverityEnum, {
    nullable: true,
    description: 'Incidents of at least this severity start it by themselves; null: only people do.',
  })
  automaticFrom: Severity | null;
}

@ObjectType('Agent', { description: 'The agent as a whole, over all its processes.' })
export class AgentObject {
  @Field(() => AgentModeEnum)
  mode: AgentMode;
}

@InputType()
export class SetAgentModeInput {
  @Field(() => AgentModeEnum)
  mode: AgentMode;

  @Field(() => String, { description: 'Why; 3 to 500 characters. Kept with the change.' })
  reason: string;
}

@ObjectType()
export class SetAgentModePayload {
  @Field(() => AgentObject, { nullable: true })
  agent: AgentObject | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@Resolver(() => AgentObject)
export class AgentResolver {
  constructor(
    private readonly agentDoor: Agent<Override>,
    private readonly instanceStore: InstanceStore,
    private readonly events: EventReader,
  ) {}

  @Authorized('VIEWER')
  @Query(() => AgentObject)
  async agent(): Promise<AgentState> {
    return this.#state(await this.agentDoor.mode());
  }

  @Authorized('RESPONDER')
  @Mutation(() => SetAgentModePayload, { description: 'The kill switch. Survives restarts.' })
  setAgentMode(
    @Arg('input', () => SetAgentModeInput) { mode, reason }: SetAgentModeInput,
    @Ctx() { principal }: Context,
  ): Promise<SetAgentModePayload> {
    const set = async (): Promise<{ agent: AgentObject }> => {
      const length = reason.trim().length;
      if (length < 3 || length > 500) {
        throw new ArgusError('INVALID_INPUT', `reason: 3 to 500 characters; these are ${length}.`, ['input', 'reason']);
      }
      await this.agentDoor.setMode(mode, reason, principal.name);
      return { agent: this.#state(mode) };
    };
    return outcomeOf(set, { agent: null });
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'Latest heartbeat of any process.' })
  async heartbeatAt(@Root() { instances }: AgentState): Promise<Date | null> {
    const beats = (await instances()).map(({ heartbeatAt }) => heartbeatAt);
    return beats.reduce<Date | null>((latest, beat) => (latest && latest > beat ? latest : beat), null);
  }

  @FieldResolver(() => [AgentInstance])
  instances(@Root() { instances }: AgentState): Promise<readonly AgentInstance[]> {
    return instances();
  }

  @FieldResolver(() => Int, { description: 'Registered streams.' })
  async streamCount(@Root() { backlog }: AgentState): Promise<number> {
    return (await backlog()).streams;
  }

  @FieldResolver(() => SafeInt, { description: 'Stored events that detection has not finished, over all streams.' })
  async lag(@Root() { backlog }: AgentState): Promise<number> {
    return (await backlog()).lag;
  }

  @FieldResolver(() => DetectionLatency)
  detectionLatency(): DetectionLatency {
    return this.agentDoor.latency();
  }

  @FieldResolver(() => [PlaybookObject])
  playbooks(): readonly PlaybookObject[] {
    return PLAYBOOKS.map(({ name, description, steps, automatic }) => {
      return { name, description, steps, automaticFrom: automatic?.minSeverity ?? null };
    });
  }

  #state(mode: AgentMode): AgentState {
    return { mode, instances: once(() => this.instanceStore.all()), backlog: once(() => this.events.backlog()) };
  }
}

/** An answer under way: the mode, and what several fields read, each asked for once and only where it is wanted. */
interface AgentState extends AgentObject {
  readonly instances: () => ReturnType<InstanceStore['all']>;
  readonly backlog: () => ReturnType<EventReader['backlog']>;
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => (answer ??= ask());
}
