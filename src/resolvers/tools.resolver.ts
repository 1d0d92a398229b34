import { Arg, Authorized, Mutation, Resolver } from 'type-graphql';
import { type BackendTools } from '../datasources/backend';
import { BackendError } from '../datasources/backend-error';
import { ArgusError } from '../domain/errors';
import { type BackendJobObject, toJobObject } from './backend-job.types';
import { fittingContent, shortText } from './limits';
import { outcomeOf, toProblem } from './problems';
import {
  type SanitizedJson,
  SanitizeJsonInput,
  SanitizeJsonPayload,
  SanitizeTextInput,
  SanitizeTextPayload,
  TriggerN8nWebhookInput,
  TriggerN8nWebhookPayload,
  ValidateTrustTokenInput,
  ValidateTrustTokenPayload,
} from './tools.types';

const MAX_CLASSIFICATION = 200;
const MAX_TOKEN_BYTES = 16 * 1024;

/** The backend's tools as mutations. People wait for them, so they may use the share of the budget kept for responses. */
@Resolver()
export class ToolsResolver {
  constructor(private readonly tools: BackendTools) {}

  @Authorized('ANALYST')
  @Mutation(() => SanitizeTextPayload, { description: 'Has the backend sanitise a text.' })
  sanitizeText(@Arg('input', () => SanitizeTextInput) input: SanitizeTextInput): Promise<SanitizeTextPayload> {
    const sanitise = async (): Promise<{ text: string }> => ({
      text: await this.tools.sanitize.text(fittingContent(input.text, ['input', 'text'])),
    });
    return outcomeOf(sanitise, { text: null });
  }

  @Authorized('ANALYST')
  @Mutation(() => SanitizeJsonPayload, { description: 'Has the backend sanitise content; limited by its rate budget.' })
  sanitizeJson(@Arg('input', () => SanitizeJsonInput) input: SanitizeJsonInput): Promise<SanitizeJsonPayload> {
    const sanitise = async (): Promise<{ result: SanitizedJson | null; job: BackendJobObject | null }> => {
      const content = fittingContent(input.content, ['input', 'content']);
      const classification = shortText(input.classification, MAX_CLASSIFICATION, ['input', 'classification']);
      const { aiTransform, trustToken, asJob } = input;
      if (asJob) return { result: null, job: await this.queue(content) };
      const { time, ...result } = await this.tools.sanitize.json({
        content,
        aiTransform,
        purpose: 'RESPONSE',
        ...(classification !== undefined && { classification }),
        ...(trustToken && { trustToken }),
      });
      return { result: { ...result, at: time === null ? null : new Date(time) }, job: null };
    };
    return outcomeOf(sanitise, { result: null, job: null });
  }

  @Authorized('ANALYST')
  @Mutation(() => ValidateTrustTokenPayload, { description: 'Checks a trust token, here and at the backend.' })
  async validateTrustToken(
    @Arg('input', () => ValidateTrustTokenInput) { token, content }: ValidateTrustTokenInput,
  ): Promise<ValidateTrustTokenPayload> {
    const verdict = this.tools.trustTokens.verify({ ...token }, content ?? undefined);
    try {
      if (Buffer.byteLength(JSON.stringify(token)) > MAX_TOKEN_BYTES) {
        throw new ArgusError('INVALID_INPUT', `token: at most ${MAX_TOKEN_BYTES} bytes.`, ['input', 'token']);
      }
      const { backendSaysValid, backendMessage } = await this.tools.trustTokens.validate({ ...token });
      return { validation: { ...verdict, backendSaysValid, backendMessage }, problems: [] };
    } catch (error) {
      if (!(error instanceof BackendError) && !(error instanceof ArgusError && error.code === 'INVALID_INPUT')) {
        throw error;
      }
      const validation = { ...verdict, backendSaysValid: null, backendMessage: null };
      return { validation, problems: [toProblem(error)] };
    }
  }

  @Authorized('RESPONDER')
  @Mutation(() => TriggerN8nWebhookPayload, { description: "Starts the backend's n8n workflow." })
  triggerN8nWebhook(
    @Arg('input', () => TriggerN8nWebhookInput) { data }: TriggerN8nWebhookInput,
  ): Promise<TriggerN8nWebhookPayload> {
    const trigger = async (): Promise<{ result: string }> => ({
      result: await this.tools.n8n.trigger(fittingContent(data, ['input', 'data'])),
    });
    return outcomeOf(trigger, { result: null });
  }

  private async queue(content: string): Promise<BackendJobObject> {
    const id = await this.tools.sanitize.queueJson({ content, purpose: 'RESPONSE' });
    const job = await this.tools.jobs.status(id, 'RESPONSE');
    if (!job) throw new BackendError('JOB_STATUS', 'JOB_FAILED', 'the backend took the job and does not know it');
    return toJobObject(job);
  }
}
