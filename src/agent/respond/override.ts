import { ArgusError } from '../../domain/errors';
import { type Backend, type OverrideIntent, type OverrideLedger, type OverrideRecord } from '../ports';

/** Bounds of the backend's emergency override. */
export const OVERRIDE_LIMITS = {
  minJustification: 10,
  maxJustification: 1_000,
  minMs: 60_000,
  maxMs: 3_600_000,
} as const;

export interface OverrideWorld<R extends OverrideRecord> {
  readonly ledger: OverrideLedger<R>;
  readonly backend: Backend;
  /** Activations that have not been answered yet, by key: concurrent calls with one idempotency key share one. */
  readonly underWay: Map<string, Promise<R>>;
}

interface Opening extends OverrideIntent {
  readonly key: string;
  readonly isNew: boolean;
  readonly durationMs: number;
}

/**
 * Opens the backend's override and records it; the intent is written first. The justification that the backend keeps
 * carries our key, so that an activation whose answer was lost is found again instead of opened twice.
 *
 * @throws ArgusError INVALID_INPUT outside the limits; BACKEND_* when the backend refuses, which is recorded as well.
 */
export async function activateOverride<R extends OverrideRecord>(
  { durationMs, ...intent }: OverrideIntent & { readonly durationMs: number },
  world: OverrideWorld<R>,
): Promise<R> {
  check(intent.justification, durationMs);
  const { override, isNew } = await world.ledger.intend(intent);
  if (override.backendId !== null) return override;
  const running = world.underWay.get(override.key);
  if (running) return running;
  const opening = open({ ...intent, durationMs, key: override.key, isNew }, world).finally(() => {
    world.underWay.delete(override.key);
  });
  world.underWay.set(override.key, opening);
  return opening;
}

async function open<R extends OverrideRecord>(
  { key, isNew, justification, requestedBy, durationMs }: Opening,
  { ledger, backend }: OverrideWorld<R>,
): Promise<R> {
  const tag = `[argus ${key}]`;
  try {
    const found = isNew
      ? undefined
      : (await backend.activeOverrides()).find((active) => active.justification.includes(tag));
    const request = { justification: `${justification} ${tag}`, durationMs, adminId: requestedBy };
    return await ledger.activated(key, requestedBy, found ?? (await backend.activateOverride(request)));
  } catch (error) {
    if (error instanceof ArgusError) await ledger.failed(key, requestedBy, error);
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
