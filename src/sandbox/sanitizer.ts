import { isJsonObject } from '../domain/json';

const INVISIBLE =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2200-\u22FF\uFE00-\uFE0F\uFEFF\uFFF0-\uFFFF]/g;
// Bounded or anchored where the backend's own are not, so that hostile text cannot stall the sandbox.
const SCRIPTS: readonly RegExp[] = [
  /<script\b[^>]*>[\s\S]*?<\/script\s*>/gi,
  /(?:java|vb)script:/gi,
  /data:text\/(?:html|javascript)/gi,
  /on\w{1,100}=[^"'\s]*/gi,
];
const PERSONAL: readonly (readonly [RegExp, string])[] = [
  [/(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g, 'EMAIL_REDACTED'],
  [/(?<!\d)\d{3}[-.]?\d{3}[-.]?\d{4}(?!\d)/g, 'PHONE_REDACTED'],
  [/(?<!\d)\(\d{3}\) \d{3}-\d{4}(?!\d)/g, 'PHONE_REDACTED'],
  [/(?<!\d)\d{3}-?\d{2}-?\d{4}(?!\d)/g, 'SSN_REDACTED'],
  [/(?<!\d)\d{4}[-\s]?\d{4}[-\s]?\d{4}[-\s]?\d{4}(?!\d)/g, 'CC_REDACTED'],
];
const ENTITIES = /&(?:lt|gt|quot|apos|amp);/g;
const SYMBOLS = /[<>(){}[\]\\|~`"';:=?!@#$%^&*+,\-./]/g;

const REPORT_KEYS = new Set([
  'sanitizationtargets',
  'securityreport',
  'potentialxss',
  'symbolsandspecialchars',
  'unicodetext',
  'mathematicalsymbols',
  'zerowidthcharacters',
  'controlcharacters',
  'invisiblecharacters',
]);

/** One text through the backend's pipeline: Unicode, scripts, personal data, entities, symbols, in its order. */
function sanitizePlain(text: string): string {
  let out = text
    .normalize('NFC')
    .replace(/\u00A0/g, ' ')
    .replace(INVISIBLE, '');
  for (const pattern of SCRIPTS) out = out.replace(pattern, '');
  for (const [pattern, label] of PERSONAL) out = out.replace(pattern, label);
  return out.replace(ENTITIES, '').replace(SYMBOLS, '');
}

/** A text as the backend sanitises it: text that is a JSON object stays one, with its values sanitised. */
export function sanitizeText(text: string): string {
  const object = parseObject(text);
  return object ? JSON.stringify(sanitizeValue(object)) : sanitizePlain(text);
}

/** Any JSON value with its texts sanitised. Keys are left as they are; `trustToken` is dropped. */
export function sanitizeValue(value: unknown): unknown {
  if (typeof value === 'string') return sanitizeText(value);
  if (Array.isArray(value)) return value.map(sanitizeValue);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'trustToken');
  return Object.fromEntries(kept.map(([key, inner]) => [key, sanitizeValue(inner)]));
}

/** JSON text without the keys that report on sanitising; other text unchanged. */
export function dropReports(text: string): string {
  const object = parseObject(text);
  return object ? JSON.stringify(withoutReports(object)) : text;
}

function withoutReports(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReports);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => {
    const name = key.toLowerCase();
    return !name.includes('sanitization') && !REPORT_KEYS.has(name);
  });
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutReports(inner)]));
}

function parseObject(text: string): object | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
