/** Counts of sanitize/json calls, reported in the backend's own mixture of numbers and texts. */
export class ReuseCounters {
  private requests = 0;
  private hits = 0;
  private failures = 0;
  private sanitizations = 0;
  private validationMs: number | undefined;
  private sanitizationMs = Number.NaN;
  private savedMs = 0;
  private updatedAt: number;
  private poisoned = false;

  constructor(
    private readonly now: () => number,
    private readonly poisonable: boolean,
  ) {
    this.updatedAt = now();
  }

  /** A call: `token` is null when none was given, otherwise whether it spared the sanitising. */
  count(token: boolean | null, tookMs: number): void {
    if (this.poisonable && this.requests === 0 && token === false) this.poisoned = true;
    this.requests++;
    this.updatedAt = this.now();
    if (token !== null) this.validationMs = average(this.validationMs, tookMs / 10);
    if (token === true) {
      this.hits++;
      this.savedMs += 50;
      return;
    }
    if (token === false) this.failures++;
    this.sanitizations++;
    this.sanitizationMs = average(this.sanitizationMs, tookMs);
  }

  /** The report, or null when it cannot be made any more. */
  report(): object | null {
    if (this.poisoned) return null;
    const { requests, hits, failures } = this;
    const percent = (part: number): string => `${(requests === 0 ? 0 : (part / requests) * 100).toFixed(2)}%`;
    const hitRate = requests === 0 ? 0 : (hits / requests) * 100;
    const lastUpdated = new Date(this.updatedAt).toISOString();
    return {
      timestamp: new Date(this.now()).toISOString(),
      summary: {
        totalRequests: requests,
        cacheHits: hits,
        cacheMisses: requests - hits,
        sanitizationOperations: this.sanitizations,
        validationFailures: failures,
      },
      performance: {
        cacheHitRate: percent(hits),
        failureRate: percent(failures),
        averageValidationTimeMs: (this.validationMs ?? 0).toFixed(2),
        averageSanitizationTimeMs: this.sanitizationMs.toFixed(2),
        averageTimeSavedPerRequestMs: (hits === 0 ? 0 : this.savedMs / hits).toFixed(2),
        totalTimeSavedMs: this.savedMs,
      },
      health: {
        validationSuccessRate: '100.00%',
        lastUpdated,
        status: hitRate > 50 ? 'healthy' : hitRate > 20 ? 'warning' : 'critical',
      },
      raw: {
        hits,
        totalRequests: requests,
        validationSuccessRate: 1,
        ...(this.validationMs !== undefined && { averageValidationTimeMs: this.validationMs }),
        totalTimeSavedMs: this.savedMs,
        lastUpdated,
        validationFailures: failures,
        sanitizationCount: this.sanitizations,
        averageSanitizationTimeMs: this.sanitizationMs,
      },
    };
  }
}

/** (old + new) / 2, which is what the backend takes for an average; NaN stays NaN. */
function average(old: number | undefined, added: number): number {
  return old === undefined ? added : (old + added) / 2;
}
