/**
 * Every error Argus can answer with, in one table. A code is stable: clients branch on it.
 * `http` is the status where the error ends a request; `retryable` says whether the same call may succeed later.
 */
export const ERRORS = {
  // what a caller got wrong
  INVALID_JSON: { http: 400, retryable: false },
  INVALID_EVENT: { http: 400, retryable: false },
  INVALID_ENCODING: { http: 400, retryable: false },
  INVALID_STREAM_NAME: { http: 400, retryable: false },
  INVALID_CURSOR: { http: 400, retryable: false },
  INVALID_INPUT: { http: 400, retryable: false },
  GRAPHQL_TOO_COMPLEX: { http: 400, retryable: false },
  LINE_TOO_LARGE: { http: 413, retryable: false },
  LINE_TOO_DEEP: { http: 400, retryable: false },
  BODY_TOO_LARGE: { http: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, retryable: false },
  METHOD_NOT_ALLOWED: { http: 405, retryable: false },
  UNAUTHENTICATED: { http: 401, retryable: false },
  FORBIDDEN: { http: 403, retryable: false },
  NOT_FOUND: { http: 404, retryable: false },
  CONFLICT: { http: 409, retryable: false },
  CURSOR_EXPIRED: { http: 410, retryable: false },
  RATE_LIMITED: { http: 429, retryable: true },
  // what the agent will not do now
  AGENT_KILLED: { http: 409, retryable: true },
  SLOW_CONSUMER: { http: 503, retryable: true },
  OVERLOADED: { http: 503, retryable: true },
  SHUTTING_DOWN: { http: 503, retryable: true },
  // what the world did
  BACKEND_UNAVAILABLE: { http: 502, retryable: true },
  BACKEND_REJECTED: { http: 502, retryable: false },
  INTERNAL: { http: 500, retryable: true },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An expected failure as data: what clients see in `problems` and in rejected lines. */
export interface Problem {
  readonly code: ErrorCode;
  /** One sentence for people; names the field and the limit. */
  readonly message: string;
  /** Path of the offending input field, outermost first. */
  readonly path?: readonly string[];
}

/** A failure with a stable code. Its message is safe to show: it never holds secrets or internals. */
export class ArgusError extends Error {
  override readonly name = 'ArgusError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Path of the offending input field. Not `path`: graphql-js takes an error with a path for one of its own. */
    readonly inputPath?: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get httpStatus(): number {
    return ERRORS[this.code].http;
  }

  toProblem(): Problem {
    return { code: this.code, message: this.message, ...(this.inputPath && { path: this.inputPath }) };
  }
}

/** The message of anything thrown, for logs; never for clients. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
