import { z } from 'zod';

import { looseNumber, looseRatio, looseText, looseTime, strictTime } from './decoders';
import { type BackendHttp } from './http';
import { type TrustTokens } from './trust-tokens';

/** How often trust tokens spared the backend work, and how its sanitiser fares. null = the backend cannot say. */
export interface ReuseStats {
  /** The backend's clock, ms since 1970-01-01 UTC. */
  readonly time: number;
  readonly totalRequests: number | null;
  readonly cacheHits: number | null;
  readonly cacheMisses: number | null;
  readonly sanitizationOperations: number | null;
  readonly validationFailures: number | null;
  /** 0 … 1. */
  readonly cacheHitRate: number | null;
  /** 0 … 1. */
  readonly failureRate: number | null;
  /** 0 … 1. */
  readonly validationSuccessRate: number | null;
  /** ms; the backend averages as (old + new) / 2. */
  readonly averageValidationMs: number | null;
  readonly averageSanitizationMs: number | null;
  readonly averageSavedMs: number | null;
  readonly totalSavedMs: number | null;
  /** The backend's own word: healthy, warning or critical. An idle backend is critical. */
  readonly health: string | null;
  readonly lastUpdatedAt: number | null;
}

const schema = z
  .object({
    timestamp: strictTime,
    summary: z.object({
      totalRequests: looseNumber,
      cacheHits: looseNumber,
      cacheMisses: looseNumber,
      sanitizationOperations: looseNumber,
      validationFailures: looseNumber,
    }),
    performance: z.object({
      cacheHitRate: looseRatio,
      failureRate: looseRatio,
      averageValidationTimeMs: looseNumber,
      averageSanitizationTimeMs: looseNumber,
      averageTimeSavedPerRequestMs: looseNumber,
      totalTimeSavedMs: looseNumber,
    }),
    health: z.object({ validationSuccessRate: looseRatio, lastUpdated: looseTime, status: looseText }),
  })
  .transform(({ timestamp, summary, performance, health }): ReuseStats => ({
    time: timestamp,
    ...summary,
    cacheHitRate: performance.cacheHitRate,
    failureRate: performance.failureRate,
    validationSuccessRate: health.validationSuccessRate,
    averageValidationMs: performance.averageValidationTimeMs,
    averageSanitizationMs: performance.averageSanitizationTimeMs,
    averageSavedMs: performance.averageTimeSavedPerRequestMs,
    totalSavedMs: performance.totalTimeSavedMs,
    health: health.status,
    lastUpdatedAt: health.lastUpdated,
  }));

/** GET /api/monitoring/reuse-stats, opened with a minted token; no override is ever opened to read it. */
export class ReuseStatistics {
  constructor(
    private readonly http: BackendHttp,
    private readonly tokens: TrustTokens,
  ) {}

  /** NOT_CONFIGURED without the shared secret; SERVER_ERROR while the backend's counters are poisoned. */
  async read(): Promise<ReuseStats> {
    const headers = this.tokens.header('REUSE_STATS');
    const path = '/api/monitoring/reuse-stats';
    return await this.http.json({ tool: 'REUSE_STATS', method: 'GET', path, headers, coalesce: '' }, schema);
  }
}
