import { Arg, Authorized, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { type CancelOutcome, type Jobs } from '../datasources/jobs';
import { ArgusError } from '../domain/errors';
import { BackendJobObject, CancelBackendJobInput, CancelBackendJobPayload, toJobObject } from './backend-job.types';
import { type Context } from './context';
import { outcomeOf } from './problems';

/** Jobs of the backend: documents that it reads, and text where that is permitted. */
@Resolver()
export class BackendJobResolver {
  constructor(private readonly jobs: Jobs) {}

  @Authorized('ANALYST')
  @Query(() => BackendJobObject, { nullable: true, description: 'Null when the backend does not know it (any more).' })
  async backendJob(@Arg('id', () => ID) id: string, @Ctx() { loaders }: Context): Promise<BackendJobObject | null> {
    const job = await loaders.backendJob.load(id);
    return job && toJobObject(job);
  }

  @Authorized('RESPONDER')
  @Mutation(() => CancelBackendJobPayload, { description: 'Cancels a job, or deletes one that has ended.' })
  cancelBackendJob(
    @Arg('input', () => CancelBackendJobInput) { id }: CancelBackendJobInput,
  ): Promise<CancelBackendJobPayload> {
    const cancel = async (): Promise<{ outcome: Exclude<CancelOutcome, 'NOT_FOUND'> }> => {
      const outcome = await this.jobs.cancel(id);
      if (outcome === 'NOT_FOUND') throw new ArgusError('NOT_FOUND', 'The backend knows no such job.', ['input', 'id']);
      return { outcome };
    };
    return outcomeOf(cancel, { outcome: null });
  }
}
