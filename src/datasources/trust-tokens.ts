import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

import { type Clock } from '../agent/ports';
import { type BackendTool } from './backend-error';
import { parseJson, type BackendHttp } from './http';
import { fittingJson, notConfigured } from './request-body';

/** The backend's proof that content was sanitised; it opens reports and PDF making, and is bound to no caller. */
export interface TrustToken {
  /** SHA-256 of the sanitised content, hex. */
  readonly contentHash: string;
  readonly originalHash: string;
  readonly sanitizationVersion: string;
  readonly rulesApplied: readonly string[];
  /** ISO 8601. */
  readonly timestamp: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** HMAC-SHA-256 over the other fields, hex. */
  readonly signature: string;
  readonly nonce: string;
}

/** Why a token is not to be trusted. UNVERIFIABLE: Argus holds no secret to check it with. */
export type TokenFault = 'MALFORMED' | 'BAD_SIGNATURE' | 'EXPIRED' | 'CONTENT_MISMATCH' | 'UNVERIFIABLE';

export interface TokenVerdict {
  /** True only when Argus's own check passed. */
  readonly valid: boolean;
  readonly fault: TokenFault | null;
}

export interface TokenValidation extends TokenVerdict {
  /** What the backend said. Its cache believes any token with a signature it has seen: never rely on it alone. */
  readonly backendSaysValid: boolean;
  readonly backendMessage: string | null;
}

const tokenSchema = z.object({
  contentHash: z.string().regex(/^[0-9a-f]{64}$/),
  originalHash: z.string().regex(/^[0-9a-f]{64}$/),
  sanitizationVersion: z.string().min(1),
  rulesApplied: z.array(z.string()),
  timestamp: z.string().min(1),
  expiresAt: z.string().min(1),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  nonce: z.string().min(1),
});
const answerSchema = z.object({
  valid: z.boolean().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

const SHORT_LIFE_MS = 5 * 60_000;

/** SHA-256 of text in UTF-8, hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** The signature of a token's other fields: HMAC-SHA-256, hex, over compact JSON in the backend's key order. */
export function signToken(token: Omit<TrustToken, 'signature'>, secret: string): string {
  const { contentHash, originalHash, sanitizationVersion, rulesApplied, timestamp, expiresAt, nonce } = token;
  const signed = { contentHash, originalHash, sanitizationVersion, rulesApplied, timestamp, expiresAt, nonce };
  return createHmac('sha256', secret).update(JSON.stringify(signed)).digest('hex');
}

/** A token for content, valid for `lifeMs` from `now` (ms since 1970-01-01 UTC). */
export function mintToken(content: string, secret: string, now: number, lifeMs = SHORT_LIFE_MS): TrustToken {
  const hash = sha256(content);
  const unsigned = {
    contentHash: hash,
    originalHash: hash,
    sanitizationVersion: '1.0',
    rulesApplied: [],
    timestamp: new Date(now).toISOString(),
    expiresAt: new Date(now + lifeMs).toISOString(),
    nonce: BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36),
  };
  return { ...unsigned, signature: signToken(unsigned, secret) };
}

/** Checks shape, signature and expiry at `now`, and that it is about `content` where that is given. */
export function verifyToken(token: unknown, secret: string, now: number, content?: string): TokenVerdict {
  const parsed = tokenSchema.safeParse(token);
  if (!parsed.success) return { valid: false, fault: 'MALFORMED' };
  const expected = Buffer.from(signToken(parsed.data, secret), 'hex');
  if (!timingSafeEqual(expected, Buffer.from(parsed.data.signature, 'hex'))) {
    return { valid: false, fault: 'BAD_SIGNATURE' };
  }
  // The backend takes an expiry it cannot read for "not expired"; here it is expired.
  if (!(Date.parse(parsed.data.expiresAt) > now)) return { valid: false, fault: 'EXPIRED' };
  if (content !== undefined && sha256(content) !== parsed.data.contentHash) {
    return { valid: false, fault: 'CONTENT_MISMATCH' };
  }
  return { valid: true, fault: null };
}

/** Trust tokens: no endpoint issues them, so Argus mints its own, short-lived, with the shared secret. */
export class TrustTokens {
  constructor(
    private readonly http: BackendHttp,
    private readonly clock: Clock,
    private readonly secret: string | undefined,
  ) {}

  /** True when tokens can be minted and verified. */
  get available(): boolean {
    return this.secret !== undefined;
  }

  /** A token about `content`, valid for `lifeMs` (5 minutes). Throws NOT_CONFIGURED without the shared secret. */
  mint(tool: BackendTool, content: string, lifeMs = SHORT_LIFE_MS): TrustToken {
    if (this.secret === undefined) throw notConfigured(tool, 'the shared trust-token secret');
    return mintToken(content, this.secret, this.clock.now(), lifeMs);
  }

  /** The header that opens reports and PDF making. Throws NOT_CONFIGURED without the shared secret. */
  header(tool: BackendTool): Readonly<Record<string, string>> {
    return { 'x-trust-token': JSON.stringify(this.mint(tool, `argus ${tool}`)) };
  }

  /** Argus's own verdict; UNVERIFIABLE without the shared secret. Never throws. */
  verify(token: unknown, content?: string): TokenVerdict {
    if (this.secret === undefined) return { valid: false, fault: 'UNVERIFIABLE' };
    return verifyToken(token, this.secret, this.clock.now(), content);
  }

  /** POST /api/trust-tokens/validate, beside Argus's own verdict, which is the one that counts. */
  async validate(token: TrustToken): Promise<TokenValidation> {
    const verdict = this.verify(token);
    const json = fittingJson('TRUST_TOKEN_VALIDATE', token);
    const call = { tool: 'TRUST_TOKEN_VALIDATE', method: 'POST', path: '/api/trust-tokens/validate' } as const;
    const said = await this.http.send({ ...call, json, accept: [400, 410] }, (answer) => {
      const { valid, message, error } = parseJson(call.tool, answer, answerSchema);
      return { valid: answer.status === 200 && valid === true, message: message ?? error ?? null };
    });
    return {
      ...verdict,
      backendSaysValid: said.valid,
      backendMessage: said.message === null ? null : this.http.scrub(said.message),
    };
  }
}
