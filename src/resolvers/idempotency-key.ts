import { ArgusError } from '../domain/errors';

const MAX = 200;

/**
 * The idempotency key of an input; null when it has none.
 * @throws ArgusError INVALID_INPUT when it is empty or too long.
 */
export function idempotencyKeyOf({ idempotencyKey }: { readonly idempotencyKey?: string | null }): string | null {
  if (idempotencyKey === undefined || idempotencyKey === null) return null;
  if (idempotencyKey.length >= 1 && idempotencyKey.length <= MAX) return idempotencyKey;
  throw new ArgusError('INVALID_INPUT', `idempotencyKey: 1 to ${MAX} characters.`, ['input', 'idempotencyKey']);
}
