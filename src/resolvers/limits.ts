import { ArgusError } from '../domain/errors';

/** Most text that a tool of the backend is given, bytes: its own limit is on the JSON around the text. */
export const MAX_CONTENT_BYTES = 99 * 1024;

/**
 * The text unchanged.
 * @throws ArgusError INVALID_INPUT at `path` when it is empty or longer than the backend takes.
 */
export function fittingContent(text: string, path: readonly string[]): string {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes >= 1 && bytes <= MAX_CONTENT_BYTES) return text;
  throw new ArgusError(
    'INVALID_INPUT',
    `${path.at(-1) ?? ''}: 1 to ${MAX_CONTENT_BYTES} bytes; it has ${bytes}.`,
    path,
  );
}

/**
 * The text unchanged; undefined for none.
 * @throws ArgusError INVALID_INPUT at `path` when it has more than `most` characters.
 */
export function shortText(text: string | null | undefined, most: number, path: readonly string[]): string | undefined {
  if (text === null || text === undefined) return undefined;
  if (text.length <= most) return text;
  throw new ArgusError('INVALID_INPUT', `${path.at(-1) ?? ''}: at most ${most} characters.`, path);
}
