import { type BackendTool } from './backend-error';

/** How one tool is called. */
export interface ToolPolicy {
  /** Longest a call may take, its waiting and retries included, ms. */
  readonly deadlineMs: number;
  /** Longest one attempt may take, ms. */
  readonly attemptMs: number;
  /** Attempts in all; 1 where a second could do the thing twice. */
  readonly attempts: number;
  /** Calls at once; as many again may wait four deep. */
  readonly concurrency: number;
  /** Largest answer taken, bytes. */
  readonly maxBytes: number;
  /** Argus's own limit, below the backend's, per 15 minutes. */
  readonly budget?: { readonly capacity: number; readonly reserve: number };
}

/** Window of the backend's rate limits, ms. */
export const RATE_WINDOW_MS = 15 * 60_000;

const KB = 1024;
const MB = 1024 * KB;
const read: ToolPolicy = { deadlineMs: 8_000, attemptMs: 3_000, attempts: 3, concurrency: 8, maxBytes: 256 * KB };
const once: ToolPolicy = { ...read, deadlineMs: 5_000, attemptMs: 5_000, attempts: 1, concurrency: 2 };

/**
 * The policy of each tool. Only reads and tools that change nothing are tried again; the backend has no idempotency
 * keys, so a repeated upload or activation would be a second one.
 */
export const TOOL_POLICIES: Readonly<Record<BackendTool, ToolPolicy>> = {
  HEALTH: { ...read, deadlineMs: 3_000, attemptMs: 1_500, attempts: 2, concurrency: 2 },
  // A sanitised text may be longer than its source, and JSON escapes it.
  SANITIZE_TEXT: { ...read, maxBytes: MB, concurrency: 16 },
  // Some content kills the backend here: no second attempt.
  SANITIZE_JSON: { ...once, maxBytes: MB, concurrency: 4, budget: { capacity: 98, reserve: 30 } },
  TRUST_TOKEN_VALIDATE: read,
  DOCUMENT_UPLOAD: {
    ...once,
    deadlineMs: 30_000,
    attemptMs: 30_000,
    budget: { capacity: 9, reserve: 3 },
  },
  GENERATE_PDF: { ...once, deadlineMs: 15_000, attemptMs: 15_000, maxBytes: 16 * MB },
  // A result carries the text of a document of up to 10 MiB.
  JOB_STATUS: { ...read, maxBytes: 32 * MB },
  JOB_RESULT: { ...read, maxBytes: 32 * MB },
  JOB_CANCEL: once,
  N8N_WEBHOOK: { ...read, maxBytes: MB, concurrency: 4 },
  OVERRIDE_ACTIVATE: { ...once, concurrency: 1 },
  OVERRIDE_DEACTIVATE: { ...read, concurrency: 4 },
  // Up to 1,000 overrides, each with a justification as long as its author pleased.
  OVERRIDE_STATUS: { ...read, maxBytes: 8 * MB },
  TRAINING_EXPORT: { ...once, deadlineMs: 120_000, attemptMs: 120_000, concurrency: 1, maxBytes: 512 * MB },
  REUSE_STATS: { ...read, attempts: 2 },
};
