import { type Clock } from '../agent/ports';

/** For whom a call is made: responses may use the share that background work must leave. */
export type CallPurpose = 'RESPONSE' | 'BACKGROUND';

export interface RateBudgetOptions {
  /** Tokens in any window; keep it below the server's limit. */
  readonly capacity: number;
  readonly windowMs: number;
  /** Tokens that BACKGROUND calls leave for RESPONSE calls. */
  readonly reserve: number;
  readonly clock: Clock;
}

export interface RateBudgetState {
  readonly capacity: number;
  readonly windowMs: number;
  /** Calls that a response may make now. */
  readonly left: number;
  /** Calls that background work may make now. */
  readonly leftForBackground: number;
  /** When the next token comes back, ms since 1970-01-01 UTC; null when none is out. */
  readonly nextTokenAt: number | null;
}

/**
 * A token bucket whose tokens come back exactly one window after they were taken. A bucket with a steady refill lets
 * nearly twice its capacity through in a window that begins with a full bucket; this one never exceeds `capacity` in
 * any window, whenever the server's own window starts.
 */
export class RateBudget {
  /** When each token that is out comes back, soonest first. */
  private returns: number[] = [];

  constructor(private readonly options: RateBudgetOptions) {}

  /** Takes a token and answers 0, or takes none and answers the ms until one is there for this purpose. */
  take(purpose: CallPurpose): number {
    const now = this.expire();
    const { capacity, reserve, windowMs } = this.options;
    const usable = purpose === 'RESPONSE' ? capacity : capacity - reserve;
    if (this.returns.length < usable) {
      this.returns.push(now + windowMs);
      return 0;
    }
    const freed = this.returns[this.returns.length - usable] ?? now + windowMs;
    return Math.max(1, freed - now);
  }

  /**
   * Learns from the server's own count, which others behind the same address may have used: what it has spent and we
   * have not comes back at `resetAt` (ms since 1970-01-01 UTC).
   */
  observe(server: { readonly limit: number; readonly remaining: number; readonly resetAt: number }): void {
    const now = this.expire();
    const { capacity, windowMs } = this.options;
    const back = Math.min(Math.max(server.resetAt, now + 1), now + windowMs);
    const spent = Math.min(capacity, server.limit - server.remaining);
    while (this.returns.length < spent) this.returns.push(back);
    this.returns.sort((a, b) => a - b);
  }

  /** The server said "not before": no token until `untilMs` (ms since 1970-01-01 UTC), at most one window ahead. */
  drain(untilMs: number): void {
    const now = this.expire();
    const { capacity, windowMs } = this.options;
    const until = Math.min(untilMs, now + windowMs);
    this.returns = this.returns.map((back) => Math.max(back, until));
    while (this.returns.length < capacity) this.returns.push(until);
    this.returns.sort((a, b) => a - b);
  }

  state(): RateBudgetState {
    this.expire();
    const { capacity, reserve, windowMs } = this.options;
    const left = capacity - this.returns.length;
    return {
      capacity,
      windowMs,
      left,
      leftForBackground: Math.max(0, left - reserve),
      nextTokenAt: this.returns[0] ?? null,
    };
  }

  private expire(): number {
    const now = this.options.clock.now();
    const kept = this.returns.findIndex((back) => back > now);
    this.returns = kept === -1 ? [] : this.returns.slice(kept);
    return now;
  }
}
