import { Field, InterfaceType, ObjectType } from 'type-graphql';
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
export class BackendProblem extends Problem {}

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
  return Object.assign(new Type(), {
    code: error.code,
    message: error.message,
    path: error.inputPath ? [...error.inputPath] : null,
  });
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
