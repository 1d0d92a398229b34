import { ArgusError } from '../domain/errors';

/** Every tool of the backend that Argus calls: the name in errors, budgets and breaker states. */
export const BACKEND_TOOLS = [
  'HEALTH',
  'SANITIZE_TEXT',
  'SANITIZE_JSON',
  'TRUST_TOKEN_VALIDATE',
  'DOCUMENT_UPLOAD',
  'GENERATE_PDF',
  'JOB_STATUS',
  'JOB_RESULT',
  'JOB_CANCEL',
  'N8N_WEBHOOK',
  'OVERRIDE_ACTIVATE',
  'OVERRIDE_DEACTIVATE',
  'OVERRIDE_STATUS',
  'TRAINING_EXPORT',
  'REUSE_STATS',
] as const;
export type BackendTool = (typeof BACKEND_TOOLS)[number];

/**
 * What went wrong, in one word, and what that means for a caller: the error code and whether the same call may
 * succeed later.
 */
export const BACKEND_FAILURES = {
  /** No connection came about: refused, unknown name, TLS not accepted. The call was not sent. */
  CONNECTION_FAILED: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** The connection was lost before the answer was complete: the call may have been carried out. */
  CONNECTION_LOST: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  DEADLINE_EXCEEDED: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** The breaker is open: the call was not sent. */
  CIRCUIT_OPEN: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** Too many calls of this tool at once: the call was not sent. */
  BUSY: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** Argus's own budget below the backend's rate limit is spent: the call was not sent. */
  BUDGET_SPENT: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** The backend answered 429. */
  RATE_LIMITED: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** The backend answered 5xx. */
  SERVER_ERROR: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  /** Not the answer the contract promises: wrong type, empty, unknown shape. */
  MALFORMED_ANSWER: { code: 'BACKEND_UNAVAILABLE', retryable: true },
  ANSWER_TOO_LARGE: { code: 'BACKEND_UNAVAILABLE', retryable: false },
  /** The backend accepted a job and does not work on it. */
  JOB_QUEUE_STUCK: { code: 'BACKEND_UNAVAILABLE', retryable: false },
  /** The backend answered 4xx. */
  REFUSED: { code: 'BACKEND_REJECTED', retryable: false },
  /** Argus knows that the backend would refuse it: the call was not sent. */
  INVALID_REQUEST: { code: 'BACKEND_REJECTED', retryable: false },
  /** A secret or switch that the tool needs is not set: the call was not sent. */
  NOT_CONFIGURED: { code: 'BACKEND_REJECTED', retryable: false },
  /** The content is suspected to have killed the backend before: the call was not sent. */
  QUARANTINED: { code: 'BACKEND_REJECTED', retryable: false },
  /** The job failed, was cancelled or has expired. */
  JOB_FAILED: { code: 'BACKEND_REJECTED', retryable: false },
} as const;
export type BackendFailure = keyof typeof BACKEND_FAILURES;
export type BackendErrorCode = (typeof BACKEND_FAILURES)[BackendFailure]['code'];

export interface BackendErrorDetails {
  /** HTTP status of the answer, when there was one. */
  readonly status?: number;
  /** ms until another attempt makes sense, when known. */
  readonly retryAfterMs?: number;
}

/**
 * The one error of every backend tool. Its message is safe to show: it holds neither the backend's HTML, stack traces
 * or file paths, nor any secret or content that was sent; it has no `cause` for that reason.
 */
export class BackendError extends ArgusError {
  declare readonly code: BackendErrorCode;
  readonly status: number | null;
  /** ms until another attempt makes sense; null when unknown. */
  readonly retryAfterMs: number | null;

  constructor(
    readonly tool: BackendTool,
    readonly failure: BackendFailure,
    message: string,
    details: BackendErrorDetails = {},
  ) {
    super(BACKEND_FAILURES[failure].code, message);
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  /** Whether the same call may succeed later. */
  override get retryable(): boolean {
    return BACKEND_FAILURES[this.failure].retryable;
  }
}

/** True when the failure says that the backend is unwell, as opposed to the call being wrong or never sent. */
export function isUnwell(error: unknown): boolean {
  if (!(error instanceof BackendError)) return false;
  const { failure } = error;
  return (
    failure === 'CONNECTION_FAILED' ||
    failure === 'CONNECTION_LOST' ||
    failure === 'DEADLINE_EXCEEDED' ||
    failure === 'SERVER_ERROR' ||
    failure === 'MALFORMED_ANSWER'
  );
}
