import { z } from 'zod';

import { strictTime } from './decoders';
import { type BackendHttp } from './http';

export interface HealthAnswer {
  /** The backend's own word; it says `healthy` whenever it can speak at all, also with a stuck job queue. */
  readonly status: string;
  /** The backend's clock, ms since 1970-01-01 UTC. */
  readonly time: number;
  /** How long the answer took, retries included, ms. */
  readonly tookMs: number;
}

const schema = z.object({ status: z.string(), timestamp: strictTime });

/** GET /health. */
export class Health {
  constructor(private readonly http: BackendHttp) {}

  async check(): Promise<HealthAnswer> {
    const startedAt = performance.now();
    const answer = await this.http.json({ tool: 'HEALTH', method: 'GET', path: '/health', coalesce: '' }, schema);
    return { status: answer.status, time: answer.timestamp, tookMs: performance.now() - startedAt };
  }
}
