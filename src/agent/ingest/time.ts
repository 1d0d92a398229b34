const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Common Log Format: 17/May/2015:10:05:03 +0000 */
const COMMON_LOG = /^(\d{1,2})\/([A-Za-z]{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;
/** BSD syslog, RFC 3164 §4.1.2, which names no year: Dec 10 06:55:46 */
const SYSLOG = /^([A-Za-z]{3}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})$/;
/** ISO 8601 / RFC 3339, with a space or a T, zone optional (then UTC) */
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Time of an event as ms since 1970-01-01 UTC: RFC 3339, ISO without zone (UTC), epoch in s, ms, µs or ns (told apart by
 * size), Common Log Format, or RFC 3164 (the latest such date that is not after `now`). Null when it is none of these.
 */
export function parseTime(value: unknown, now: number): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? epoch(value) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (/^\d{9,19}(\.\d+)?$/.test(text)) return epoch(Number(text));
  return fromIso(text) ?? fromCommonLog(text) ?? fromSyslog(text, now);
}

function epoch(value: number): number {
  if (value < 1e11) return Math.round(value * 1e3);
  if (value < 1e14) return Math.round(value);
  if (value < 1e17) return Math.round(value / 1e3);
  return Math.round(value / 1e6);
}

function fromIso(text: string): number | null {
  const match = ISO.exec(text);
  if (!match) return /^\d{4}-\d{2}-\d{2}$/.test(text) ? finite(Date.parse(text)) : null;
  const [, day = '', clock = '', zone = 'Z'] = match;
  return finite(Date.parse(`${day}T${clock.replace(',', '.')}${zone.toUpperCase()}`));
}

function fromCommonLog(text: string): number | null {
  const match = COMMON_LOG.exec(text);
  if (!match) return null;
  const [, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = match;
  const utc = Date.UTC(Number(year), monthOf(month), Number(day), Number(hour), Number(minute), Number(second));
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return finite(sign === '-' ? utc + zone : utc - zone);
}

function fromSyslog(text: string, now: number): number | null {
  const match = SYSLOG.exec(text);
  if (!match) return null;
  const [, month = '', day, hour, minute, second] = match;
  const inYear = (year: number): number =>
    Date.UTC(year, monthOf(month), Number(day), Number(hour), Number(minute), Number(second));
  const year = new Date(now).getUTCFullYear();
  const slack = 86_400_000; // a source's clock or zone may be a day ahead
  return finite(inYear(year) <= now + slack ? inYear(year) : inYear(year - 1));
}

function monthOf(name: string): number {
  const index = MONTHS.indexOf(name.toLowerCase());
  return index < 0 ? NaN : index;
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
