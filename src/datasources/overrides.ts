import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { type BackendOverride } from '../agent/ports';
import { BackendError, type BackendTool } from './backend-error';
import { strictTime, timeOrNull } from './decoders';
import { type BackendHttp } from './http';
import { fittingJson, invalid, notConfigured } from './request-body';

export interface OverrideRequest {
  /** Why; at least 10 characters after trimming. */
  readonly justification: string;
  /** 60,000 … 3,600,000. */
  readonly durationMs: number;
  /** Who; the backend records it unverified. */
  readonly adminId: string;
}

/** Shortest and longest life of an override, ms. */
export const OVERRIDE_DURATION_MS = { min: 60_000, max: 3_600_000 } as const;
const SHORTEST_JUSTIFICATION = 10;
/** The backend refuses a second activation within 200 ms. */
const ACTIVATION_GAP_MS = 250;
const MOST_WAITING = 8;
const OVERRIDE_ID = /^[\w-]{1,128}$/;

const activatedSchema = z
  .object({
    overrideId: z.string().regex(OVERRIDE_ID),
    adminId: z.string(),
    startTime: strictTime,
    endTime: timeOrNull,
    justification: z.string(),
  })
  .transform((answer): BackendOverride => ({
    id: answer.overrideId,
    adminId: answer.adminId,
    justification: answer.justification,
    startsAt: answer.startTime,
    endsAt: answer.endTime,
  }));
const statusSchema = z.object({
  overrides: z.array(
    z
      .object({
        id: z.string(),
        adminId: z.string(),
        startTime: strictTime,
        endTime: timeOrNull,
        justification: z.unknown().transform((text) => (typeof text === 'string' ? text : '')),
      })
      .transform(({ startTime, endTime, ...rest }): BackendOverride => ({
        ...rest,
        startsAt: startTime,
        endsAt: endTime,
      })),
  ),
});

/** Emergency overrides: while one is active the backend lets every caller through its strict checks. */
export class Overrides {
  private lastActivation: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly http: BackendHttp,
    private readonly adminSecret: string | undefined,
  ) {}

  /** True when the admin secret is known. */
  get available(): boolean {
    return this.adminSecret !== undefined;
  }

  /**
   * Opens an override. Every call opens another one and none is tried again: after DEADLINE_EXCEEDED or
   * CONNECTION_LOST it may exist, so look at `active()` before trying again.
   */
  async activate(request: OverrideRequest): Promise<BackendOverride> {
    const tool = 'OVERRIDE_ACTIVATE';
    const headers = this.headers(tool, request.adminId);
    const { justification, durationMs } = request;
    if (justification.trim().length < SHORTEST_JUSTIFICATION) {
      throw invalid(tool, `its justification is shorter than ${SHORTEST_JUSTIFICATION} characters`);
    }
    const { min, max } = OVERRIDE_DURATION_MS;
    if (!Number.isInteger(durationMs) || durationMs < min || durationMs > max) {
      throw invalid(tool, `its duration is not a whole number of ${min} … ${max} ms`);
    }
    const json = fittingJson(tool, { justification, duration: durationMs });
    return this.inTurn(async () => {
      const path = '/api/admin/override/activate';
      const call = { tool, method: 'POST', path, headers, json, purpose: 'RESPONSE' } as const;
      const override = await this.http.json(call, activatedSchema);
      this.http.forget('OVERRIDE_STATUS', '');
      return override;
    });
  }

  /** Ends an override; false when it did not exist or had already ended, which is as good. */
  async deactivate(overrideId: string, adminId: string): Promise<boolean> {
    const tool = 'OVERRIDE_DEACTIVATE';
    const headers = this.headers(tool, adminId);
    if (!OVERRIDE_ID.test(overrideId)) throw invalid(tool, 'its override id is malformed');
    const path = `/api/admin/override/${overrideId}`;
    const call = { tool, method: 'DELETE', path, headers, accept: [404], purpose: 'RESPONSE' } as const;
    const ended = await this.http.send(call, (answer) => answer.status === 200);
    this.http.forget('OVERRIDE_STATUS', '');
    return ended;
  }

  /** The overrides that are active now, whoever opened them. */
  async active(): Promise<readonly BackendOverride[]> {
    const tool = 'OVERRIDE_STATUS';
    const headers = this.headers(tool);
    const call = { tool, method: 'GET', path: '/api/admin/override/status', headers, coalesce: '' } as const;
    return (await this.http.json(call, statusSchema)).overrides;
  }

  private headers(tool: BackendTool, adminId?: string): Readonly<Record<string, string>> {
    if (this.adminSecret === undefined) throw notConfigured(tool, 'the admin secret');
    // Header values are ASCII; a name that is not keeps its length and shape.
    const id = adminId?.replace(/[^\x20-\x7e]/gu, '_').slice(0, 128);
    return { 'x-admin-auth': this.adminSecret, ...(id !== undefined && id !== '' && { 'x-admin-id': id }) };
  }

  private inTurn<T>(activate: () => Promise<T>): Promise<T> {
    if (this.waiting >= MOST_WAITING) {
      return Promise.reject(new BackendError('OVERRIDE_ACTIVATE', 'BUSY', 'too many overrides wait to be activated'));
    }
    this.waiting++;
    const mine = this.lastActivation.then(activate).finally(() => this.waiting--);
    const rest = (): Promise<void> => sleep(ACTIVATION_GAP_MS, undefined, { ref: false });
    this.lastActivation = mine.then(rest, rest);
    return mine;
  }
}
