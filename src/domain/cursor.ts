import { ArgusError } from './errors';

/**
 * Cursors and global ids are opaque to clients: base64url of `kind:part:part…`. The kind keeps one that belongs to
 * another list from being taken for ours. They never hold a JS Date: it has lost the microseconds.
 */
export function encodeCursor(kind: string, ...parts: readonly (string | number)[]): string {
  return Buffer.from([kind, ...parts].join(':')).toString('base64url');
}

/**
 * The parts of a cursor of this kind.
 * @throws ArgusError INVALID_CURSOR when it is not one, or has another number of parts.
 */
export function decodeCursor(kind: string, cursor: string, count: number): readonly string[] {
  const [found, ...parts] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
  if (found !== kind || parts.length !== count) {
    throw new ArgusError('INVALID_CURSOR', `This is not a cursor of ${kind}: use one that this list gave you.`, [
      'after',
    ]);
  }
  return parts;
}

/** Like `decodeCursor`, for cursors of whole numbers. */
export function decodeNumericCursor(kind: string, cursor: string, count: number): readonly number[] {
  const parts = decodeCursor(kind, cursor, count).map(Number);
  if (!parts.every(Number.isSafeInteger)) {
    throw new ArgusError('INVALID_CURSOR', `This is not a cursor of ${kind}: use one that this list gave you.`, [
      'after',
    ]);
  }
  return parts;
}

/** Relay global id of an object: opaque, and naming its type so that `node(id)` can find it. */
export function globalId(type: string, ...key: readonly (string | number)[]): string {
  return encodeCursor(type, ...key);
}

/**
 * Type and key of a global id.
 * @throws ArgusError INVALID_INPUT when the text is none.
 */
export function parseGlobalId(id: string): { readonly type: string; readonly key: readonly string[] } {
  const [type = '', ...key] = Buffer.from(id, 'base64url').toString('utf8').split(':');
  if (!/^[A-Z][A-Za-z]{1,40}$/.test(type) || key.length === 0 || key.includes('')) {
    throw new ArgusError('INVALID_INPUT', 'This is not an id of Argus.', ['id']);
  }
  return { type, key };
}

/**
 * The key of a global id that must be of `type`, each part matching its pattern.
 * @throws ArgusError NOT_FOUND when it names another type or cannot exist.
 */
export function keyOf(type: string, id: string, ...patterns: readonly RegExp[]): readonly string[] {
  const parsed = parseGlobalId(id);
  const fits = parsed.key.length === patterns.length && parsed.key.every((part, i) => patterns[i]?.test(part));
  if (parsed.type !== type || !fits) throw new ArgusError('NOT_FOUND', `No ${type} has this id.`, ['id']);
  return parsed.key;
}

/** True for a day that the calendar has, as YYYY-MM-DD. */
export function isDay(text: string): boolean {
  if (!KEY.DAY.test(text) || text.startsWith('0000')) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** Patterns of the key parts that occur in global ids. */
export const KEY = {
  UUID: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  NUMBER: /^[0-9]{1,15}$/,
  DAY: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
} as const;
