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
import { Incident } from '../entities/incident.entity';
import { type Override } from '../entities/override.entity';
import { Response, ResponseStep } from '../entities/response.entity';
import { type Context } from './context';
import { idempotencyKeyOf } from './idempotency-key';
import { outcomeOf, Problem } from './problems';

@InputType()
export class StartResponseInput {
  @Field(() => ID)
  incidentId: string;

  @Field(() => String, { description: 'Name of a playbook; agent.playbooks lists them.' })
  playbook: string;

  @Field(() => Boolean, { defaultValue: false, description: 'True: answers the plan and does nothing.' })
  dryRun: boolean;

  @Field(() => String, { nullable: true, description: 'The same key again answers the same response.' })
  idempotencyKey?: string | null;
}

@ObjectType()
export class StartResponsePayload {
  @Field(() => Response, { nullable: true, description: 'Null on failure and in a dry run.' })
  response: Response | null;

  @Field(() => [String], { nullable: true, description: 'The actions in order; null on failure.' })
  plan: readonly string[] | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@Resolver(() => Response)
export class ResponseResolver {
  constructor(private readonly agent: Agent<Override>) {}

  @Authorized('RESPONDER')
  @Mutation(() => StartResponsePayload, { description: 'Starts a playbook for an incident.' })
  startResponse(
    @Arg('input', () => StartResponseInput) input: StartResponseInput,
    @Ctx() { principal, loaders }: Context,
  ): Promise<StartResponsePayload> {
    const start = async (): Promise<Omit<StartResponsePayload, 'problems'>> => {
      const [incidentKey = ''] = keyOf('Incident', input.incidentId, KEY.UUID);
      const idempotencyKey = idempotencyKeyOf(input);
      const request = { ...input, incidentKey, idempotencyKey, requestedBy: principal.name };
      const { responseKey, actions } = await this.agent.startResponse(request);
      return { response: responseKey === null ? null : await loaders.response.load(responseKey), plan: actions };
    };
    return outcomeOf(start, { response: null, plan: null });
  }

  @FieldResolver(() => [ResponseStep], { description: 'In order.' })
  steps(@Root() { key }: Response, @Ctx() { loaders }: Context): Promise<readonly ResponseStep[]> {
    return loaders.steps.load(key);
  }

  @FieldResolver(() => Incident, { nullable: true })
  incident(@Root() { incidentKey }: Response, @Ctx() { loaders }: Context): Promise<Incident | null> {
    return loaders.incident.load(incidentKey);
  }
}
