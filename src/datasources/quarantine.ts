import { LRUCache } from 'lru-cache';

import { type Clock } from '../agent/ports';
import { type BackendTool } from './backend-error';

/**
 * Why content is quarantined. ASYNC_TRIGGER: the backend would queue it, and die. ACCEPTED_AS_JOB: it did queue it.
 * BACKEND_LOST: nobody answered any more shortly after the backend had taken it. JOB_FAILED: its job failed, which the
 * backend was not seen to survive; it may have been started again meanwhile.
 */
export type QuarantineReason = 'ASYNC_TRIGGER' | 'ACCEPTED_AS_JOB' | 'BACKEND_LOST' | 'JOB_FAILED';

export interface QuarantineEntry {
  /** SHA-256 of the content, hex; the content itself is not kept. */
  readonly contentHash: string;
  readonly tool: BackendTool;
  readonly reason: QuarantineReason;
  /** ms since 1970-01-01 UTC. */
  readonly since: number;
}

/** A backend that vanishes within this time of taking a payload is taken to have died of it. */
const SUSPICION_MS = 5_000;
const MOST_ENTRIES = 10_000;

/** Content that kills the backend, or is suspected to: it is never sent again to the tool that took it. In memory. */
export class Quarantine {
  private readonly entries = new LRUCache<string, QuarantineEntry>({ max: MOST_ENTRIES });
  private readonly risks = new Map<string, { readonly tool: BackendTool; readonly at: number }>();

  constructor(private readonly clock: Clock) {}

  has(contentHash: string): boolean {
    return this.entries.has(contentHash);
  }

  add(contentHash: string, tool: BackendTool, reason: QuarantineReason): void {
    this.risks.delete(contentHash);
    if (this.entries.has(contentHash)) return;
    this.entries.set(contentHash, { contentHash, tool, reason, since: this.clock.now() });
  }

  /** Lets a human's judgement stand: the content may be sent again. False when it was not quarantined. */
  release(contentHash: string): boolean {
    return this.entries.delete(contentHash);
  }

  /** Newest use first. */
  list(): readonly QuarantineEntry[] {
    return [...this.entries.values()];
  }

  /** The backend has taken, or is taking, a payload that it may die of. */
  risk(contentHash: string, tool: BackendTool): void {
    const now = this.clock.now();
    for (const [hash, risk] of this.risks) if (now - risk.at > SUSPICION_MS) this.risks.delete(hash);
    this.risks.set(contentHash, { tool, at: now });
  }

  /** The payload was dealt with and the backend lives. */
  survived(contentHash: string): void {
    this.risks.delete(contentHash);
  }

  /** Nobody answers: what was risked just before is quarantined. */
  backendLost(): void {
    const now = this.clock.now();
    for (const [hash, { tool, at }] of [...this.risks]) {
      if (now - at <= SUSPICION_MS) this.add(hash, tool, 'BACKEND_LOST');
    }
    this.risks.clear();
  }
}
