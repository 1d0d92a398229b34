import { ArgusError } from '../domain/errors';
import { type Principal } from '../domain/role';

/** Who holds a key; null when nobody does. */
export type FindPrincipal = (secret: string) => Promise<Principal | null>;

/**
 * Who sends this Authorization header.
 * @throws ArgusError UNAUTHENTICATED when it is missing, of another scheme, or names no live key.
 */
export async function authenticate(authorization: string | undefined, find: FindPrincipal): Promise<Principal> {
  const [scheme, secret] = authorization?.trim().split(/ +/) ?? [];
  if (scheme?.toLowerCase() !== 'bearer' || secret === undefined) {
    throw new ArgusError('UNAUTHENTICATED', 'Send Authorization: Bearer argus_… with an API key.');
  }
  const principal = await find(secret);
  if (!principal) throw new ArgusError('UNAUTHENTICATED', 'This API key is unknown, expired or revoked.');
  return principal;
}
