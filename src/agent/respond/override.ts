import { ArgusError } from '../../domain/errors';
import { type Backend, type OverrideIntent, type OverrideLedger, type OverrideRecord } from '../ports';

/** Bounds of the backend's emergency override. */
export const OVERRIDE_LIMITS = {
  minJustification: 10,
  maxJustification: 1_000,
  minMs: 60_000,
  maxMs: 3_600_000,
} as const;

/**
 * Opens the backend's override and records it; the intent is written first. The justification that the backend keeps
 * carries our key, so that an activation whose answer was lost is found again instead of opened twice.
 *
 * @throws ArgusError INVALID_INPUT outside the limits; BACKEND_* when the backend refuses, which is recorded as well.
 */
export async function activateOverride<R extends OverrideRecord>(
  request: OverrideIntent & { readonly durationMs: number },
  ledger: OverrideLedger<R>,
  backend: Backend,
): Promise<R> {
  const { durationMs, ...intent } = request;
  check(intent.justification, durationMs);
  const { override, isNew } = await ledger.intend(intent);
  if (override.backendId !== null) return override;
  const tag = `[argus ${override.key}]`;
  try {
    const found = isNew
      ? undefined
      : (await backend.activeOverrides()).find((active) => active.justification.includes(tag));
    const justification = `${intent.justification} ${tag}`;
    const opened =
      found ?? (await backend.activateOverride({ justification, durationMs, adminId: intent.requestedBy }));
    return await ledger.activated(override.key, intent.requestedBy, opened);
  } catch (error) {
    if (error instanceof ArgusError) await ledger.failed(override.key, intent.requestedBy, error);
    throw error;
  }
}

/**
 * Ends an override; one that has ended already counts as ended.
 * @throws ArgusError NOT_FOUND when Argus did not open it; BACKEND_* when the backend cannot be asked.
 */
export async function deactivateOverride<R extends OverrideRecord>(
  key: string,
  by: string,
  ledger: OverrideLedger<R>,
  backend: Backend,
): Promise<R> {
  const override = await ledger.find(key);
  if (!override) throw new ArgusError('NOT_FOUND', 'No override has this id.', ['input', 'id']);
  if (override.backendId !== null) await backend.deactivateOverride(override.backendId, by);
  return ledger.deactivated(key, by);
}

function check(justification: string, durationMs: number): void {
  const { minJustification, maxJustification, minMs, maxMs } = OVERRIDE_LIMITS;
  const length = justification.trim().length;
  if (length < minJustification || length > maxJustification) {
    throw new ArgusError(
      'INVALID_INPUT',
      `justification: give ${minJustification} to ${maxJustification} characters; these are ${length}.`,
      ['input', 'justification'],
    );
  }
  if (!Number.isInteger(durationMs) || durationMs < minMs || durationMs > maxMs) {
    throw new ArgusError('INVALID_INPUT', `duration: from ${minMs / 1_000} s to ${maxMs / 60_000} min.`, [
      'input',
      'duration',
    ]);
  }
}
