import {
  bulkhead,
  type BulkheadPolicy,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
} from 'cockatiel';

import { type Clock } from '../agent/ports';
import { BackendError, type BackendTool, isUnwell } from './backend-error';
import { type CallPurpose, RateBudget, type RateBudgetState } from './rate-budget';
import { RATE_WINDOW_MS, type ToolPolicy } from './tool-policy';

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

export interface BreakerOptions {
  /** Failures in a row that open the breaker. */
  readonly failures: number;
  /** How long it stays open before one call may try, ms. */
  readonly halfOpenAfterMs: number;
}

/** An attempt that was made: `failure` tells how it showed the backend unwell; null when it did not. */
export interface Outcome {
  readonly tool: BackendTool;
  /** ms since 1970-01-01 UTC. */
  readonly at: number;
  readonly failure: BackendError | null;
}

/** How one tool is doing: for operators and for the dashboard. */
export interface ToolStatus {
  readonly tool: BackendTool;
  readonly breaker: BreakerState;
  /** Attempts sent since the start. */
  readonly attempts: number;
  /** Attempts that showed the backend unwell since the start. */
  readonly failures: number;
  /** When the newest of those was, ms since 1970-01-01 UTC, and what it said. */
  readonly lastFailure: { readonly at: number; readonly message: string } | null;
  readonly lastSuccessAt: number | null;
  /** Calls being made now. */
  readonly active: number;
  /** What is left below the backend's rate limit; null where it has none. */
  readonly budget: RateBudgetState | null;
}

/** One tool's way to the backend: concurrency limit, breaker, budget and counters. */
export class ToolLane {
  readonly budget: RateBudget | null;
  private readonly breaker: CircuitBreakerPolicy;
  private readonly gate: BulkheadPolicy;
  private attempts = 0;
  private failures = 0;
  private lastFailure: ToolStatus['lastFailure'] = null;
  private lastSuccessAt: number | null = null;

  constructor(
    readonly tool: BackendTool,
    readonly policy: ToolPolicy,
    private readonly clock: Clock,
    breaker: BreakerOptions,
    private readonly onOutcome: (outcome: Outcome) => void,
  ) {
    this.budget = policy.budget ? new RateBudget({ ...policy.budget, windowMs: RATE_WINDOW_MS, clock }) : null;
    this.breaker = circuitBreaker(handleWhen(isUnwell), {
      breaker: new ConsecutiveBreaker(breaker.failures),
      halfOpenAfter: breaker.halfOpenAfterMs,
    });
    this.gate = bulkhead(policy.concurrency, policy.concurrency * 4);
  }

  /**
   * Runs one attempt, or throws CIRCUIT_OPEN, BUSY or BUDGET_SPENT without running it. A call whose deadline passed while
   * it waited for its turn is not made any more. A token of the budget is taken
   * only for an attempt that runs; it is not given back, because the backend counts refused calls too.
   */
  async run<T>(purpose: CallPurpose, deadline: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.gate.execute(() => {
        if (deadline.aborted) throw new BackendError(this.tool, 'BUSY', `${this.tool} waited too long for its turn`);
        return this.breaker.execute(() => this.count(purpose, attempt));
      });
    } catch (error) {
      if (isBrokenCircuitError(error)) {
        throw new BackendError(this.tool, 'CIRCUIT_OPEN', `${this.tool} is not called: its last calls failed`);
      }
      if (isBulkheadRejectedError(error)) {
        throw new BackendError(this.tool, 'BUSY', `too many ${this.tool} calls at once`);
      }
      throw error;
    }
  }

  status(): ToolStatus {
    return {
      tool: this.tool,
      breaker: BREAKER_STATES[this.breaker.state],
      attempts: this.attempts,
      failures: this.failures,
      lastFailure: this.lastFailure,
      lastSuccessAt: this.lastSuccessAt,
      active: this.policy.concurrency - this.gate.executionSlots,
      budget: this.budget?.state() ?? null,
    };
  }

  private async count<T>(purpose: CallPurpose, attempt: () => Promise<T>): Promise<T> {
    const waitMs = this.budget?.take(purpose) ?? 0;
    if (waitMs > 0) {
      const message = `the budget of ${this.tool} calls is spent; the next is free in ${Math.ceil(waitMs / 1000)} s`;
      throw new BackendError(this.tool, 'BUDGET_SPENT', message, { retryAfterMs: waitMs });
    }
    this.attempts++;
    try {
      const result = await attempt();
      this.lastSuccessAt = this.clock.now();
      this.onOutcome({ tool: this.tool, at: this.lastSuccessAt, failure: null });
      return result;
    } catch (error) {
      if (isUnwell(error)) {
        this.failures++;
        const failure = error as BackendError;
        this.lastFailure = { at: this.clock.now(), message: failure.message };
        this.onOutcome({ tool: this.tool, at: this.lastFailure.at, failure });
      }
      throw error;
    }
  }
}

const BREAKER_STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'CLOSED',
  [CircuitState.Open]: 'OPEN',
  [CircuitState.Isolated]: 'OPEN',
  [CircuitState.HalfOpen]: 'HALF_OPEN',
};
