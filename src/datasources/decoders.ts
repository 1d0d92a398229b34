import { z } from 'zod';

/**
 * A number as the backend writes numbers: `40`, `"0.02"`, `"40.00%"`, `"NaN"`, null or nothing at all.
 * null when it carries no finite value.
 */
export function decodeNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  const text = value.trim().replace(/%$/, '');
  if (text === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** A share as `"40.00%"` (0.4) or as a plain ratio (0.4); null when it carries no finite value. */
export function decodeRatio(value: unknown): number | null {
  const number = decodeNumber(value);
  if (number === null) return null;
  return typeof value === 'string' && value.trim().endsWith('%') ? number / 100 : number;
}

/** A moment as ISO 8601 text or ms since 1970-01-01 UTC; null when it names none. */
export function decodeTime(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

/** Zod forms of the decoders: they accept what they cannot read, as null. */
export const looseNumber = z.unknown().optional().transform(decodeNumber);
export const looseRatio = z.unknown().optional().transform(decodeRatio);
export const looseTime = z.unknown().optional().transform(decodeTime);
/** A moment that must be there: its absence makes the answer malformed. */
export const strictTime = z.string().transform((text, context) => {
  const time = decodeTime(text);
  if (time !== null) return time;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});
/** A moment, or null said outright; anything else makes the answer malformed. */
export const timeOrNull = z.union([z.null(), strictTime]);
/** Text or null; anything else becomes null. */
export const looseText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value : null));
