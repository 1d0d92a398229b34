import { createHash, timingSafeEqual } from 'node:crypto';

import { isJsonObject } from '../domain/json';
import { type Boot } from './boot';
import { errorPage, type Exchange, type Handler, header, json, type Reply } from './exchange';
import { type Override } from './override-book';

const DURATION = { usual: 900_000, min: 60_000, max: 3_600_000 } as const;

/** The refusal of a caller without the admin secret, or null. */
export function refuseNonAdmin({ settings }: Boot, exchange: Exchange): Reply | null {
  const given = header(exchange, 'x-admin-auth');
  const refuse = (message: string): Reply => json(401, { error: 'Authentication failed', message });
  if (given === undefined || given === '') return refuse('Admin authentication required');
  return timingSafeEqual(digest(given), digest(settings.adminSecret)) ? null : refuse('Invalid admin credentials');
}

/** The refusal of a caller without a trust token while no override is active, or null. */
export function refuseUntrusted(boot: Boot, exchange: Exchange): Reply | null {
  const refusal = judge(boot, exchange);
  const action = refusal ? 'trust_token_validation_failed' : 'trust_token_validated';
  log(boot, exchange, action, 'ai-agent', exchange.path, 'Access Validation Event');
  return refusal;
}

/** POST /api/admin/override/activate */
export function activateOverride(boot: Boot): Handler {
  return (exchange) => {
    const refusal = refuseNonAdmin(boot, exchange);
    if (refusal) return refusal;
    const body = isJsonObject(exchange.body) ? exchange.body : {};
    const justification: unknown = body.justification;
    if (typeof justification === 'number') {
      const message = 'An error occurred while activating the override';
      return json(500, { error: 'Override activation failed', message });
    }
    if (typeof justification !== 'string' || justification.trim().length < 10) {
      const message = 'Override justification must be at least 10 characters';
      return json(400, { error: 'Justification required', message });
    }
    const durationMs = durationOf(body.duration, boot.settings.quirks.immortalOverrides);
    if (durationMs === 'TOO_SHORT') {
      return json(400, { error: 'Invalid duration', message: 'Override duration must be at least 60000ms' });
    }
    if (!boot.overrides.takeTurn()) {
      const message = 'Maximum 1 concurrent overrides allowed within 200ms';
      return json(429, { error: 'Concurrent override limit exceeded', message });
    }
    const override = boot.overrides.open(header(exchange, 'x-admin-id') ?? 'admin-user', justification, durationMs);
    log(boot, exchange, 'access_granted', override.adminId, override.id, 'Access Enforcement Event');
    return json(200, {
      message: 'Admin override activated successfully',
      overrideId: override.id,
      adminId: override.adminId,
      startTime: iso(override.startsAt),
      endTime: iso(override.endsAt),
      duration: durationMs,
      justification,
    });
  };
}

/** DELETE /api/admin/override/:id */
export function endOverride(boot: Boot): Handler {
  return (exchange) => {
    const refusal = refuseNonAdmin(boot, exchange);
    if (refusal) return refusal;
    const overrideId = exchange.path.split('/').at(-1) ?? '';
    const override = boot.overrides.end(overrideId);
    if (!override) {
      const message = 'The specified override does not exist or has expired';
      return json(404, { error: 'Override not found', message });
    }
    const deactivatedBy = header(exchange, 'x-admin-id') ?? 'admin-user';
    log(boot, exchange, 'access_denied', deactivatedBy, overrideId, 'Access Enforcement Event');
    const message = 'Admin override deactivated successfully';
    return json(200, { message, overrideId, deactivatedBy, originalAdmin: override.adminId });
  };
}

/** GET /api/admin/override/status */
export function overrideStatus(boot: Boot): Handler {
  return (exchange) => {
    const refusal = refuseNonAdmin(boot, exchange);
    if (refusal) return refusal;
    const overrides = boot.overrides.active().map((override) => shape(override, boot.settings.now()));
    return json(200, { activeOverrides: overrides.length, maxConcurrent: 1000, overrides });
  };
}

/** GET /api/monitoring/reuse-stats */
export function reuseStats(boot: Boot): Handler {
  return (exchange) => {
    const refusal = refuseUntrusted(boot, exchange);
    if (refusal) return refusal;
    const report = boot.counters.report();
    if (report) return json(200, report);
    return errorPage(500, "TypeError: Cannot read properties of undefined (reading 'toFixed')");
  };
}

function judge(boot: Boot, exchange: Exchange): Reply | null {
  const given = header(exchange, 'x-trust-token');
  const refuse = (error: string, message: string): Reply => json(403, { error, message });
  if (given === undefined) {
    if (boot.overrides.active().length > 0) return null;
    const message = 'Access denied: Trust token is required for AI agent document access';
    return refuse('Trust token required', message);
  }
  let token: unknown;
  try {
    token = JSON.parse(given);
  } catch {
    return refuse('Invalid trust token format', 'Trust token must be valid JSON');
  }
  if (!isJsonObject(token)) return refuse('Invalid trust token format', 'Trust token must be a JSON object');
  const { valid, error } = boot.trust.check(token);
  return valid ? null : refuse('Invalid trust token', error ?? 'Invalid token signature');
}

function durationOf(value: unknown, immortal: boolean): number | null | 'TOO_SHORT' {
  if (value === undefined || value === null || value === 0) return DURATION.usual;
  const duration = Number(value);
  if (Number.isNaN(duration)) return immortal ? null : 'TOO_SHORT';
  return duration < DURATION.min ? 'TOO_SHORT' : Math.min(duration, DURATION.max);
}

function shape({ id, adminId, startsAt, endsAt, justification }: Override, now: number): object {
  const timeRemaining = endsAt === null ? null : endsAt - now;
  return { id, adminId, startTime: iso(startsAt), endTime: iso(endsAt), justification, timeRemaining };
}

function log(
  boot: Boot,
  exchange: Exchange,
  action: string,
  userId: string,
  resourceId: string,
  message: 'Access Validation Event' | 'Access Enforcement Event',
): void {
  const userAgent = header(exchange, 'user-agent') ?? '';
  const requestContext = { method: exchange.method, path: exchange.path, ipAddress: exchange.ip, userAgent };
  const passed = action === 'access_granted' || action === 'trust_token_validated';
  const details =
    message === 'Access Validation Event'
      ? { validationResult: { isValid: passed }, requestContext }
      : { accessGranted: passed, enforcementLevel: 'strict', reason: 'ADMIN_OVERRIDE', requestContext };
  boot.audit.access({ userId, action, resourceId, details, ipAddress: exchange.ip, userAgent, message });
}

function iso(time: number): string;
function iso(time: number | null): string | null;
function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
