import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import { type Agent } from '../agent/index';
import { KEY, keyOf } from '../domain/cursor';
import { parseDuration } from '../domain/duration';
import { Incident } from '../entities/incident.entity';
import { Override } from '../entities/override.entity';
import { type Context } from './context';
import { idempotencyKeyOf } from './idempotency-key';
import { outcomeOf, Problem } from './problems';

@InputType()
export class ActivateOverrideInput {
  @Field(() => String, { description: 'Why; at least 10 characters. The backend keeps it.' })
  justification: string;

  @Field(() => String, { defaultValue: 'PT15M', description: 'ISO 8601 duration, PT1M to PT1H.' })
  duration: string;

  @Field(() => ID, { nullable: true, description: 'The incident on whose timeline it is recorded.' })
  incidentId?: string | null;

  @Field(() => String, { nullable: true, description: 'The same key again answers the same override.' })
  idempotencyKey?: string | null;
}

@InputType()
export class DeactivateOverrideInput {
  @Field(() => ID)
  id: string;
}

@ObjectType()
export class ActivateOverridePayload {
  @Field(() => Override, { nullable: true })
  override: Override | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@ObjectType()
export class DeactivateOverridePayload {
  @Field(() => Override, { nullable: true })
  override: Override | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@Resolver(() => Override)
export class OverrideResolver {
  constructor(private readonly agent: Agent<Override>) {}

  @Authorized('ADMIN')
  @Mutation(() => ActivateOverridePayload, { description: "Opens the backend's emergency override, for everybody." })
  activateOverride(
    @Arg('input', () => ActivateOverrideInput) input: ActivateOverrideInput,
    @Ctx() { principal }: Context,
  ): Promise<ActivateOverridePayload> {
    const activate = async (): Promise<{ override: Override }> => {
      const { incidentId, justification } = input;
      const [incidentKey = null] = incidentId == null ? [] : keyOf('Incident', incidentId, KEY.UUID);
      const durationMs = parseDuration(input.duration, ['input', 'duration']);
      const idempotencyKey = idempotencyKeyOf(input);
      const request = { incidentKey, justification, durationMs, idempotencyKey, requestedBy: principal.name };
      return { override: await this.agent.activateOverride(request) };
    };
    return outcomeOf(activate, { override: null });
  }

  @Authorized('RESPONDER')
  @Mutation(() => DeactivateOverridePayload, { description: 'Ends an override; one that has ended stays ended.' })
  deactivateOverride(
    @Arg('input', () => DeactivateOverrideInput) input: DeactivateOverrideInput,
    @Ctx() { principal }: Context,
  ): Promise<DeactivateOverridePayload> {
    const deactivate = async (): Promise<{ override: Override }> => {
      const [key = ''] = keyOf('Override', input.id, KEY.UUID);
      return { override: await this.agent.deactivateOverride(key, principal.name) };
    };
    return outcomeOf(deactivate, { override: null });
  }

  @FieldResolver(() => Incident, { nullable: true })
  async incident(@Root() { incidentKey }: Override, @Ctx() { loaders }: Context): Promise<Incident | null> {
    return incidentKey === null ? null : loaders.incident.load(incidentKey);
  }
}
