import { Field, InterfaceType, Int, ObjectType } from 'type-graphql';
import { BackendError } from '../datasources/backend-error';
import { ArgusError, type ErrorCode } from '../domain/errors';

/** An expected failure as data. The concrete type groups codes that clients treat alike. */
@InterfaceType('Problem', {
  description: 'An expected failure, as data. `code` is stable; `message` is for people.',
  resolveType: (value: object) => value.constructor.name,
})
export abstract class Problem {
  @Field(() => String)
  code: string;

  @Field(() => String, { description: 'What is wrong, with the field and the limit.' })
  message: string;

  @Field(() => [String], { nullable: true, description: 'Path of the input field, outermost first.' })
  path: string[] | null;
}

@ObjectType({ implements: Problem, description: 'The input breaks a rule.' })
export class ValidationProblem extends Problem {}

@ObjectType({ implements: Problem, description: 'What the input names does not exist.' })
export class NotFoundProblem extends Problem {}

@ObjectType({ implements: Problem, description: 'The state of things does not allow it now.' })
export class ConflictProblem extends Problem {}

@ObjectType({ implements: Problem, description: 'The caller may not do this.' })
export class ForbiddenProblem extends Problem {}

@ObjectType({ implements: Problem, description: 'Too much at once; try later.' })
export class RateLimitedProblem extends Problem {}

@ObjectType({ implements: Problem, description: 'The backend refused or could not be reached.' })
export class BackendProblem extends Problem {
  @Field(() => String, { nullable: true, description: 'Which tool failed; null where it was no tool of the backend.' })
  tool: string | null;

  @Field(() => String, { nullable: true, description: 'What went wrong, in one word, as DEADLINE_EXCEEDED.' })
  failure: string | null;

  @Field(() => Int, { nullable: true, description: "HTTP status of the backend's answer, when there was one." })
  status: number | null;

  @Field(() => Boolean, { description: 'Whether the same call may succeed later.' })
  retryable: boolean;
}

/** Every concrete problem: named so that the schema holds them, since nothing refers to them directly. */
export const PROBLEM_TYPES = [
  ValidationProblem,
  NotFoundProblem,
  ConflictProblem,
  ForbiddenProblem,
  RateLimitedProblem,
  BackendProblem,
] as const;

const TYPE_OF: Partial<Record<ErrorCode, new () => Problem>> = {
  NOT_FOUND: NotFoundProblem,
  CONFLICT: ConflictProblem,
  AGENT_KILLED: ConflictProblem,
  FORBIDDEN: ForbiddenProblem,
  RATE_LIMITED: RateLimitedProblem,
  OVERLOADED: RateLimitedProblem,
  BACKEND_UNAVAILABLE: BackendProblem,
  BACKEND_REJECTED: BackendProblem,
};

/** The problem that an expected error is to clients. */
export function toProblem(error: ArgusError): Problem {
  const Type = TYPE_OF[error.code] ?? ValidationProblem;
  const problem = Object.assign(new Type(), {
    code: error.code,
    message: error.message,
    path: error.inputPath ? [...error.inputPath] : null,
  });
  return problem instanceof BackendProblem ? Object.assign(problem, detailsOf(error)) : problem;
}

function detailsOf(error: ArgusError): Pick<BackendProblem, 'tool' | 'failure' | 'status' | 'retryable'> {
  const { retryable } = error;
  if (!(error instanceof BackendError)) return { tool: null, failure: null, status: null, retryable };
  return { tool: error.tool, failure: error.failure, status: error.status, retryable };
}

/** What a mutation answers: its result, or null and the problems. Anything that is not expected goes on as thrown. */
export async function outcomeOf<Result extends object, Empty extends object>(
  work: () => Promise<Result>,
  empty: Empty,
): Promise<(Result | Empty) & { problems: Problem[] }> {
  try {
    return { ...(await work()), problems: [] };
  } catch (error) {
    if (error instanceof ArgusError && error.code !== 'INTERNAL') return { ...empty, problems: [toProblem(error)] };
    throw error;
  }
}
