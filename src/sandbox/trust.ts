import { createHash, createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';

import { isJsonObject } from '../domain/json';

export interface TokenCheck {
  readonly valid: boolean;
  readonly error: string | null;
}

/** Fields in the order in which the backend misses them. */
const FIELDS = [
  'contentHash',
  'originalHash',
  'sanitizationVersion',
  'rulesApplied',
  'timestamp',
  'expiresAt',
  'signature',
  'nonce',
] as const;
/** Fields that are signed, in their order. */
const SIGNED = FIELDS.filter((field) => field !== 'signature');
const CACHE_MS = 10 * 60_000;
const LIFE_MS = 24 * 60 * 60_000;

export function sha256(content: string): string {
  return createHash('sha256').update(content, 'utf8').digest('hex');
}

/** Signs and checks trust tokens as the backend does, its cache of signatures included. */
export class Trust {
  private readonly cache: LRUCache<string, number>;

  constructor(
    private readonly secret: string,
    private readonly now: () => number,
    private readonly cached: boolean,
  ) {
    this.cache = new LRUCache({ max: 1_000 });
  }

  /** A token about content, valid for a day. */
  issue(content: string): Record<string, unknown> {
    const now = this.now();
    const hash = sha256(content);
    const token = {
      contentHash: hash,
      originalHash: hash,
      sanitizationVersion: '1.0',
      rulesApplied: [],
      timestamp: new Date(now).toISOString(),
      expiresAt: new Date(now + LIFE_MS).toISOString(),
      nonce: Math.random().toString(36).slice(2),
    };
    return { ...token, signature: this.sign(token) };
  }

  check(token: unknown): TokenCheck {
    const given: Readonly<Record<string, unknown>> = isJsonObject(token) ? token : {};
    const signature = String(given.signature);
    if (this.cached && (this.cache.get(signature) ?? 0) > this.now()) return { valid: true, error: null };
    const missing = FIELDS.find((field) => !given[field]);
    if (missing !== undefined) return { valid: false, error: `Missing required field: ${missing}` };
    // A time that cannot be read compares false: not expired.
    if (Date.parse(String(given.expiresAt)) < this.now()) return { valid: false, error: 'Token has expired' };
    if (this.sign(given) !== signature) return { valid: false, error: 'Invalid token signature' };
    this.cache.set(signature, this.now() + CACHE_MS);
    return { valid: true, error: null };
  }

  private sign(token: Readonly<Record<string, unknown>>): string {
    const payload = Object.fromEntries(SIGNED.map((field) => [field, token[field]]));
    return createHmac('sha256', this.secret).update(JSON.stringify(payload)).digest('hex');
  }
}
