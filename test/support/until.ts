import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `probe` answers something other than null, undefined or false, without guessing how long that takes. */
export async function until<T>(
  probe: () => T | Promise<T>,
  what = 'the expected state',
  timeoutMs = 15_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > end) throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await pause(20);
  }
}
