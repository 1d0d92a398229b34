import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { type BackendJob, type BackendJobStatus } from '../datasources/jobs';
import { DateTime } from '../entities/scalars';
import { Problem } from './problems';

const JobStatus: { readonly [Status in BackendJobStatus]: Status } = {
  QUEUED: 'QUEUED',
  PROCESSING: 'PROCESSING',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
};
registerEnumType(JobStatus, { name: 'BackendJobStatus', description: 'Where a job of the backend stands.' });

const CancelOutcome = { CANCELLED: 'CANCELLED', DELETED: 'DELETED' } as const;
registerEnumType(CancelOutcome, {
  name: 'CancelOutcome',
  description: 'CANCELLED: it had not ended. DELETED: it had, and its result is gone.',
});

@ObjectType({ description: 'What the backend made of a document. Untrusted text, sanitised.' })
export class BackendJobResult {
  @Field(() => String, { description: 'The sanitised text; JSON text where the document itself was JSON.' })
  content: string;

  @Field(() => Int, { nullable: true })
  pages: number | null;

  @Field(() => String, { nullable: true })
  title: string | null;

  @Field(() => String, { nullable: true })
  author: string | null;

  @Field(() => String, { nullable: true })
  subject: string | null;

  @Field(() => String, { nullable: true })
  creator: string | null;

  @Field(() => String, { nullable: true })
  producer: string | null;

  @Field(() => String, { nullable: true, description: 'As the document says, not as a DateTime.' })
  creationDate: string | null;

  @Field(() => String, { nullable: true, description: 'As the document says, not as a DateTime.' })
  modificationDate: string | null;

  @Field(() => Float, { nullable: true, description: "The backend's own measure." })
  processingMs: number | null;
}

@ObjectType('BackendJob', { description: "A job of the backend's queue. The backend keeps it for a day." })
export class BackendJobObject {
  @Field(() => ID, { description: "The backend's own id; no global id of Argus." })
  id: string;

  @Field(() => JobStatus)
  status: BackendJobStatus;

  @Field(() => Float, { nullable: true, description: '0 to 100; a completed job may stay below.' })
  progress: number | null;

  @Field(() => String, { nullable: true })
  message: string | null;

  @Field(() => DateTime)
  createdAt: Date;

  @Field(() => DateTime, { nullable: true })
  updatedAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  completedAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  expiresAt: Date | null;

  @Field(() => BackendJobResult, { nullable: true })
  result: BackendJobResult | null;
}

@InputType()
export class CancelBackendJobInput {
  @Field(() => ID, { description: "The backend's own id of the job." })
  id: string;
}

@ObjectType()
export class CancelBackendJobPayload {
  @Field(() => CancelOutcome, { nullable: true })
  outcome: keyof typeof CancelOutcome | null;

  @Field(() => [Problem])
  problems: Problem[];
}

/** A job as clients see it: times are Dates. */
export function toJobObject({ createdAt, updatedAt, completedAt, expiresAt, ...job }: BackendJob): BackendJobObject {
  const date = (time: number | null): Date | null => (time === null ? null : new Date(time));
  return {
    ...job,
    createdAt: new Date(createdAt),
    updatedAt: date(updatedAt),
    completedAt: date(completedAt),
    expiresAt: date(expiresAt),
  };
}
