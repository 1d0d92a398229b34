import { Buffer } from 'node:buffer';
import { entityAt } from './html-entities';
import { type TextView, ViewBuilder } from './text-view';

/** Decodings that replace characters one by one, so that every place in the result has a place in the source. */
export function decodeCharacters(view: TextView): readonly TextView[] {
  const decoders = [urlDecoded, escapesDecoded, entitiesDecoded, commentsRemoved, lettersJoined, leetRead, rot13];
  return decoders.flatMap((decode) => decode(view) ?? []);
}

const URL_RUN = /(?:%[0-9a-f]{2}){1,256}|%u[0-9a-f]{4}|\+/gi;
const HAS_URL = /%[0-9a-f]{2}|%u[0-9a-f]{4}/i;

/** application/x-www-form-urlencoded: %XX as UTF-8, IIS's %uXXXX, and plus as space. */
function urlDecoded(view: TextView): TextView | null {
  const { text } = view;
  if (!HAS_URL.test(text) && !(text.includes('+') && !text.includes(' '))) return null;
  return replaced(view, URL_RUN, 'url', (run) => {
    if (run === '+') return ' ';
    if (run[1] === 'u' || run[1] === 'U') return String.fromCharCode(parseInt(run.slice(2), 16));
    return overlongFolded(Buffer.from(run.replaceAll('%', ''), 'hex'));
  });
}

/** UTF-8 with the overlong forms of / and . that old servers accepted (CVE-2000-0884), and invalid bytes as Latin-1. */
function overlongFolded(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  return bytes
    .toString('latin1')
    .replaceAll('\u00c0\u00af', '/')
    .replaceAll('\u00c1\u009c', '\\')
    .replaceAll('\u00c0\u00ae', '.');
}

const ESCAPE = /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\([0-7]{3})|\\(["'/\\nrt])/gi;
const HAS_ESCAPE = /\\u\{?[0-9a-f]{2}|\\x[0-9a-f]{2}|\\[0-7]{3}/i;
const CONTROL_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** JSON, JavaScript and C escapes. */
function escapesDecoded(view: TextView): TextView | null {
  if (!HAS_ESCAPE.test(view.text)) return null;
  return replaced(view, ESCAPE, 'json-escape', (whole, braced, four, two, octal, single) => {
    if (single !== undefined) return CONTROL_ESCAPES[single] ?? single;
    const code = octal === undefined ? parseInt(braced ?? four ?? two ?? '', 16) : parseInt(octal, 8);
    return code <= 0xffff ? String.fromCharCode(code) : code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const ENTITY = /&(?:#x?[0-9a-f]{1,14}|[a-z]{2,8});?/gi;

function entitiesDecoded(view: TextView): TextView | null {
  if (!view.text.includes('&')) return null;
  return replaced(view, ENTITY, 'html', (whole) => {
    const entity = entityAt(whole, 0);
    return entity ? entity.text + whole.slice(entity.length) : whole;
  });
}

const COMMENT = /\/\*!?[0-9]{0,6}|\*\//g;
const WHOLE_COMMENT = /\/\*(?!!)[^*]{0,200}\*\//g;

/** SQL and CSS comments read as a space, the content of MySQL's executable comments kept. */
function commentsRemoved(view: TextView): TextView | null {
  if (!view.text.includes('/*')) return null;
  const without = replaced(view, WHOLE_COMMENT, 'comment', () => ' ') ?? view;
  return (
    replaced(without, COMMENT, without === view ? 'comment' : null, () => ' ') ?? (without === view ? null : without)
  );
}

/** At least nine single characters in a row, each set off by a space, dot, dash or underscore. */
const SPACED = /(?<!\S)(?:\S[ ._-]{1,3}){8}\S(?!\S)/u;
const GAP = /(\S)[ ._-]{1,3}/gu;

/** `i g n o r e   a l l` as `ignore all`: single gaps vanish, wider ones become one space. */
function lettersJoined(view: TextView): TextView | null {
  if (!SPACED.test(view.text)) return null;
  return replaced(view, GAP, 'spacing', (whole, letter = '') =>
    whole.length > letter.length + 1 ? `${letter} ` : letter,
  );
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i', '|': 'l',
}; // prettier-ignore
const LEET_WORD = /(?<![\w@$])[a-z0134578@$]{3,24}(?![\w@$])/gi;
const LEET_HINT = /[a-z][013457@$][a-z]|[a-z][013457@$]{2}|[013457@$]{2}[a-z]/gi;
const LEET_HINTS = 4;

/** Digits and signs in words read as the letters they look like; only where the text has several such words. */
function leetRead(view: TextView): TextView | null {
  const hints = view.text.slice(0, LEET_SAMPLE).match(LEET_HINT)?.length ?? 0;
  if (hints < LEET_HINTS || view.text.length > LEET_SAMPLE) return null;
  if (/^\S*$/.test(view.text)) return null;
  return replaced(view, LEET_WORD, 'leet', (word) => {
    if (!/[a-z]/i.test(word) && !/^[0-9]{2,3}$/.test(word)) return word;
    return word.replace(/[0-9@$!|]/g, (sign) => LEET[sign] ?? sign);
  });
}

const LEET_SAMPLE = 16_384;

/** Words of instructions to a model, as rot13 writes them. Two different ones are no accident. */
const ROT13_WORDS = ['vtaber', 'vafgehpgvba', 'flfgrz', 'cebzcg', 'cerivbhf', 'cnffjbeq', 'erirny', 'frperg', 'sbetrg'];

function rot13(view: TextView): TextView | null {
  const lower = view.text.toLowerCase();
  if (ROT13_WORDS.filter((word) => lower.includes(word)).length < 2) return null;
  return replaced(view, /[a-z]{1,64}/gi, 'rot13', (letters) =>
    letters.replace(/[a-z]/gi, (letter) => {
      const base = letter <= 'Z' ? 65 : 97;
      return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
    }),
  );
}

type Replace = (whole: string, ...groups: (string | undefined)[]) => string;

/** The view with each match of `pattern` replaced; null where nothing changes. */
function replaced(view: TextView, pattern: RegExp, step: string | null, replace: Replace): TextView | null {
  let out: ViewBuilder | null = null;
  let copied = 0;
  for (const match of view.text.matchAll(pattern)) {
    const [whole, ...groups] = match;
    const piece = replace(whole, ...(groups as (string | undefined)[]));
    if (piece === whole) continue;
    out ??= new ViewBuilder(view);
    out.copy(copied, match.index);
    out.push(piece, match.index);
    copied = match.index + whole.length;
  }
  out?.copy(copied, view.text.length);
  return out?.build(step) ?? null;
}
