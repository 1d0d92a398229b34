import { ArgusError } from '../../domain/errors';
import { type SecurityEvent } from '../../domain/event';
import { jsonDepth } from '../../domain/json';
import { normalise, type NormaliseOptions } from './normalise';

/** Limits of ingest; each is named in the error that it causes. */
export const INGEST_LIMITS = {
  lineBytes: 256 * 1024,
  bodyBytes: 64 * 1024 * 1024,
  depth: 32,
} as const;

/**
 * The event of one line of NDJSON.
 * @throws ArgusError INVALID_JSON, LINE_TOO_LARGE, LINE_TOO_DEEP or INVALID_EVENT.
 */
export function parseLine(raw: string, options: Omit<NormaliseOptions, 'raw'>): SecurityEvent {
  if (Buffer.byteLength(raw) > INGEST_LIMITS.lineBytes) {
    throw new ArgusError('LINE_TOO_LARGE', `A line has at most ${INGEST_LIMITS.lineBytes} bytes.`);
  }
  const depth = jsonDepth(raw);
  if (depth > INGEST_LIMITS.depth) {
    throw new ArgusError(
      'LINE_TOO_DEEP',
      `Objects and arrays nest at most ${INGEST_LIMITS.depth} deep; this is ${depth}.`,
    );
  }
  let record: unknown;
  try {
    record = JSON.parse(raw);
  } catch {
    throw new ArgusError('INVALID_JSON', 'The line is not valid JSON.');
  }
  return normalise(record, { ...options, raw });
}
