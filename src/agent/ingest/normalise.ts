import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { ArgusError } from '../../domain/errors';
import { OCSF_CLASS, type SecurityEvent, STATUS_ID, type TextField } from '../../domain/event';
import { isJsonObject, type Json, type JsonObject, storable } from '../../domain/json';
import { at, FIELDS, find, findText } from './fields';
import { parseTime } from './time';

const OCSF_VERSION = '1.4.0';
const MAX_ID = 512;
const MAX_MESSAGE = 2_000;
const MAX_TEXTS = 64;
const EARLIEST = Date.UTC(1980, 0, 1);
const DAY_MS = 86_400_000;
/** Largest `class_uid`, a 32-bit number, and largest of OCSF's small enumerations, whose 99 is "other". */
const MAX_CLASS = 2_147_483_647;
const MAX_ENUM = 99;

export interface NormaliseOptions {
  readonly stream: string;
  /** The record as received. */
  readonly raw: string;
  /** Time of receipt, ms since 1970-01-01 UTC: stands in where the record gives none. */
  readonly receivedAt: number;
  /** Deduplication key for records that bring none; the hash of `raw` unless given. */
  readonly fallbackId?: string;
}

/**
 * The OCSF-shaped event of a record: OCSF is taken as it is; from other JSON the attributes are read where logs commonly
 * keep them. Deterministic: the same record and options give the same event.
 *
 * @throws ArgusError INVALID_EVENT with the path of the field, when the record is no object or a field has a wrong type.
 */
export function normalise(record: unknown, options: NormaliseOptions): SecurityEvent {
  if (!isJsonObject(record)) throw new ArgusError('INVALID_EVENT', 'An event is a JSON object.');
  const { stream, raw, receivedAt } = options;
  const id = idOf(record, options);
  const time = timeOf(record, receivedAt);
  const sourceIp = ipOf(record);
  const userName = textOf(record, 'user');
  const httpStatus = httpStatusOf(record);
  const classUid = classOf(record);
  const statusId = statusOf(record, httpStatus);
  const severityId = severityOf(record);
  const message = storable((findText(record, FIELDS.message) ?? '').slice(0, MAX_MESSAGE));
  const texts = textsOf(record);
  const mapped = { id, stream, time, classUid, statusId, severityId, message, sourceIp, userName, httpStatus };
  return { ...mapped, texts, raw, ocsf: 'class_uid' in record ? clean(record) : ocsfOf(record, mapped) };
}

function invalid(path: string, message: string): ArgusError {
  return new ArgusError('INVALID_EVENT', `${path}: ${message}`, path.split('.'));
}

function idOf(record: JsonObject, { raw, fallbackId }: NormaliseOptions): string {
  const found = find(record, FIELDS.id);
  if (!found) return fallbackId ?? createHash('sha256').update(raw).digest('hex').slice(0, 32);
  const { path, value } = found;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '' || value.length > MAX_ID) {
    throw invalid(path, `an event id is a number or a string of 1 to ${MAX_ID} characters.`);
  }
  return storable(value);
}

function timeOf(record: JsonObject, receivedAt: number): number {
  const found = find(record, FIELDS.time);
  if (!found) return receivedAt;
  const time = parseTime(found.value, receivedAt);
  if (time === null) {
    throw invalid(found.path, 'not a time; give RFC 3339, or seconds or milliseconds since 1970-01-01 UTC.');
  }
  if (time < EARLIEST || time > receivedAt + DAY_MS) {
    throw invalid(found.path, 'a time lies between 1980-01-01 and one day from now.');
  }
  return time;
}

function textOf(record: JsonObject, field: 'user'): string | null {
  const text = findText(record, FIELDS[field]);
  return text === null ? null : storable(text.slice(0, MAX_ID));
}

function ipOf(record: JsonObject): string | null {
  // A zone (fe80::1%eth0) means something on one machine alone, and may be of any length.
  const address = findText(record, FIELDS.ip)?.split('%', 1)[0] ?? '';
  return isIP(address) === 0 ? null : address.toLowerCase();
}

function httpStatusOf(record: JsonObject): number | null {
  const given = find(record, FIELDS.httpStatus)?.value;
  const value = typeof given === 'number' || typeof given === 'string' ? Number(given) : NaN;
  return Number.isInteger(value) && value >= 100 && value <= 599 ? value : null;
}

const KINDS: readonly (readonly [RegExp, number])[] = [
  [/auth|login|logon|sshd/i, OCSF_CLASS.AUTHENTICATION],
  [/http|web|request|access/i, OCSF_CLASS.HTTP_ACTIVITY],
  [/flow|network|netflow|connection/i, OCSF_CLASS.NETWORK_ACTIVITY],
  [/api|tool|sanitiz/i, OCSF_CLASS.API_ACTIVITY],
  [/error|exception|crash/i, OCSF_CLASS.APPLICATION_ERROR],
];

function classOf(record: JsonObject): number {
  const given = at(record, 'class_uid');
  if (given !== undefined && given !== null) {
    if (isWhole(given, MAX_CLASS)) return given;
    throw invalid('class_uid', `an OCSF class is a whole number up to ${MAX_CLASS}.`);
  }
  const kind = findText(record, FIELDS.kind);
  const known = kind === null ? undefined : KINDS.find(([pattern]) => pattern.test(kind));
  if (known) return known[1];
  if (findText(record, FIELDS.method) !== null) return OCSF_CLASS.HTTP_ACTIVITY;
  return OCSF_CLASS.BASE_EVENT;
}

const FAILURE = /fail|invalid|denied|reject|error|unauthor|forbidden|refused|timeout|block/i;
const SUCCESS = /success|succeeded|accept|granted|allow|^ok$|pass/i;

function isWhole(value: Json | undefined, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function statusOf(record: JsonObject, httpStatus: number | null): number {
  const given = at(record, 'status_id');
  if (isWhole(given, MAX_ENUM)) return given;
  const words = findText(record, FIELDS.outcome);
  if (words !== null && FAILURE.test(words)) return STATUS_ID.FAILURE;
  if (words !== null && SUCCESS.test(words)) return STATUS_ID.SUCCESS;
  if (httpStatus !== null) return httpStatus >= 400 ? STATUS_ID.FAILURE : STATUS_ID.SUCCESS;
  return STATUS_ID.UNKNOWN;
}

const SEVERITY_WORDS: readonly (readonly [RegExp, number])[] = [
  [/^(fatal|emerg)/i, 6],
  [/^(crit|alert)/i, 5],
  [/^(high|err)/i, 4],
  [/^(med|warn)/i, 3],
  [/^(low|notice)/i, 2],
  [/^info/i, 1],
];

function severityOf(record: JsonObject): number {
  const given = at(record, 'severity_id');
  if (isWhole(given, MAX_ENUM)) return given;
  const word = findText(record, FIELDS.severity);
  return word === null ? 0 : (SEVERITY_WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? 0);
}

/** Not content: identifiers and times, and what somebody wrote about the record rather than in it. */
const NOT_CONTENT = new Set<string>([...FIELDS.id, ...FIELDS.time, ...FIELDS.ip]);
const ABOUT = /^label/i;

/** Every string of the record, as content detectors read it, in order of appearance; at most 64. */
export function textsOf(record: JsonObject): readonly TextField[] {
  const texts: TextField[] = [];
  const visit = (value: Json, path: string): void => {
    if (texts.length >= MAX_TEXTS) return;
    if (typeof value === 'string') {
      if (value !== '' && !NOT_CONTENT.has(path)) texts.push({ path, text: value });
    } else if (Array.isArray(value)) {
      value.forEach((item: Json, index) => visit(item, `${path}[${index}]`));
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (!ABOUT.test(key)) visit(item, path === '' ? key : `${path}.${key}`);
      }
    }
  };
  visit(record, '');
  return texts;
}

type Mapped = Omit<SecurityEvent, 'texts' | 'raw' | 'ocsf'>;

/** The mapped attributes under their OCSF names; the rest of the record stays in `raw`. */
function ocsfOf(record: JsonObject, mapped: Mapped): JsonObject {
  const url = findText(record, FIELDS.url);
  const method = findText(record, FIELDS.method);
  const userAgent = findText(record, FIELDS.userAgent);
  const tool = findText(record, FIELDS.tool);
  const request = {
    ...(method !== null && { http_method: method }),
    ...(url !== null && { url: { path: url } }),
    ...(userAgent !== null && { user_agent: userAgent }),
  };
  return clean({
    class_uid: mapped.classUid,
    category_uid: Math.floor(mapped.classUid / 1_000),
    time: mapped.time,
    severity_id: mapped.severityId,
    status_id: mapped.statusId,
    message: mapped.message,
    metadata: { version: OCSF_VERSION, uid: mapped.id, log_name: mapped.stream },
    ...(mapped.sourceIp !== null && { src_endpoint: { ip: mapped.sourceIp } }),
    ...(mapped.userName !== null && { actor: { user: { name: mapped.userName } } }),
    ...(Object.keys(request).length > 0 && { http_request: request }),
    ...(mapped.httpStatus !== null && { http_response: { code: mapped.httpStatus } }),
    ...(tool !== null && { api: { operation: tool } }),
  });
}

function clean<T extends Json>(value: T): T {
  if (typeof value === 'string') return storable(value) as T;
  if (Array.isArray(value)) return value.map(clean) as unknown as T;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), clean(item)])) as T;
}
