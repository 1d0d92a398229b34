/** How a set of times is spread, ms. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The spread of these times; all NaN where there are none. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (quantile: number): number => sorted[Math.ceil(quantile * sorted.length) - 1] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN };
}

/** What is asked of the load. */
export interface LoadOptions {
  readonly streams: number;
  readonly seconds: number;
  /** Part of the events that are attacks, 0 to 1. */
  readonly attackShare: number;
  /** Seconds of the same load that come first and are not counted. */
  readonly warmUpSeconds: number;
  readonly baselineSeconds: number;
}

/** What the process that makes the load has to know. */
export interface LoadTask extends LoadOptions {
  readonly url: string;
  readonly key: string;
}

/** What it measured. */
export interface LoadReport {
  /** GET /livez, start to answer. */
  readonly baseline: Spread;
  /** POST of an event, start to acknowledgement. */
  readonly acknowledged: Spread;
  /** POST of an attack, start, to the push of its incident received. */
  readonly pushed: Spread;
  /** How late requests were started against their plan: high values say that the load was not what it should be. */
  readonly lateness: Spread;
  readonly attacks: number;
  readonly failedPosts: number;
  readonly eventsPerSecond: number;
}
