import { ArgusError } from './errors';

const ISO_8601 = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/;

/**
 * Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds, as PT15M or P1DT12H.
 * @throws ArgusError INVALID_INPUT at `path` for anything else.
 */
export function parseDuration(text: string, path: readonly string[]): number {
  const match = ISO_8601.exec(text);
  const [days, hours, minutes, seconds] = (match ?? []).slice(1).map((part?: string) => Number(part ?? 0));
  if (!match || text === 'P' || text.endsWith('T')) {
    throw new ArgusError('INVALID_INPUT', `${path.at(-1) ?? 'duration'}: an ISO 8601 duration, as PT15M.`, path);
  }
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1_000;
}
