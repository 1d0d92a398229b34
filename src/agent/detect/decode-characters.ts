import { Buffer } from 'node:buffer';
import { HINT } from './encoding-hints';
import { entityAt } from './html-entities';
import { type TextView, ViewBuilder } from './text-view';

/**
 * Views by decodings that replace characters one by one, so that every place in the result has one in the source.
 * Says 'exhausted' where a text holds more of an encoding than is decoded.
 */
export function* decodeCharacters(view: TextView, hints: number): Iterable<TextView | 'exhausted'> {
  for (const { needs, decode } of DECODERS) {
    if ((hints & needs) === 0) continue;
    const result = decode(view);
    if (result) yield result.view;
    if (result?.exhausted) yield 'exhausted';
  }
}

/** A decoded view, and whether replacing stopped early. */
interface Decoded {
  readonly view: TextView;
  readonly exhausted: boolean;
}

const DECODERS: readonly { needs: number; decode: (view: TextView) => Decoded | null }[] = [
  { needs: HINT.PERCENT | HINT.PLUS, decode: urlDecoded },
  { needs: HINT.BACKSLASH, decode: escapesDecoded },
  { needs: HINT.AMPERSAND, decode: entitiesDecoded },
  { needs: HINT.COMMENT, decode: commentsRemoved },
  { needs: HINT.SPACED, decode: lettersJoined },
  { needs: HINT.LEET, decode: leetRead },
  { needs: HINT.ROTATED, decode: rot13 },
];

const URL_RUN = /(?:%[0-9a-f]{2}){1,256}|(?:%u[0-9a-f]{4}){1,256}/gi;

/** application/x-www-form-urlencoded: %XX as UTF-8, IIS's %uXXXX, and plus as space. */
function urlDecoded(view: TextView): Decoded | null {
  const spaced = view.text.includes(' ') ? view : { ...view, text: view.text.replaceAll('+', ' ') };
  const decoded = replaced(spaced, URL_RUN, 'url', (run) =>
    /^%u/i.test(run)
      ? run.replace(/%u([0-9a-f]{4})/gi, (_, unit: string) => String.fromCharCode(parseInt(unit, 16)))
      : overlongFolded(Buffer.from(run.replaceAll('%', ''), 'hex')),
  );
  if (decoded || spaced.text === view.text) return decoded;
  return { view: { ...spaced, decodedBy: [...view.decodedBy, 'url'] }, exhausted: false };
}

/** UTF-8 with the overlong forms of / and . that old servers accepted (CVE-2000-0884), and invalid bytes as Latin-1. */
function overlongFolded(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  const latin = bytes.toString('latin1');
  return latin.replaceAll('\u00c0\u00af', '/').replaceAll('\u00c1\u009c', '\\').replaceAll('\u00c0\u00ae', '.');
}

const ESCAPE = /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\([0-7]{3})|\\(["'/\\nrt])/gi;
const ESCAPE_RUN = /(?:\\(?:u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[0-7]{3}|["'/\\nrt])){1,256}/gi;
const HAS_ESCAPE = /\\u\{?[0-9a-f]{2}|\\x[0-9a-f]{2}|\\[0-7]{3}/i;
const CONTROL_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** JSON, JavaScript and C escapes. */
function escapesDecoded(view: TextView): Decoded | null {
  if (!HAS_ESCAPE.test(view.text)) return null;
  return replaced(view, ESCAPE_RUN, 'json-escape', (run) => run.replace(ESCAPE, unescaped));
}

function unescaped(
  whole: string,
  braced?: string,
  four?: string,
  two?: string,
  octal?: string,
  single?: string,
): string {
  if (single !== undefined) return CONTROL_ESCAPES[single] ?? single;
  const code = octal === undefined ? parseInt(braced ?? four ?? two ?? '', 16) : parseInt(octal, 8);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

const ENTITY = /&(?:#x?[0-9a-f]{1,14}|[a-z]{2,8});?/gi;
const ENTITY_RUN = /(?:&(?:#x?[0-9a-f]{1,14}|[a-z]{2,8});?){1,256}/gi;

function entitiesDecoded(view: TextView): Decoded | null {
  return replaced(view, ENTITY_RUN, 'html', (run) =>
    run.replace(ENTITY, (whole) => {
      const entity = entityAt(whole, 0);
      return entity ? entity.text + whole.slice(entity.length) : whole;
    }),
  );
}

const COMMENT = /(?:\/\*(?!!)[^*]{0,200}\*\/|\/\*!?[0-9]{0,6}|\*\/){1,64}/g;

/** SQL and CSS comments read as a space, the content of MySQL's executable comments kept. */
function commentsRemoved(view: TextView): Decoded | null {
  return replaced(view, COMMENT, 'comment', () => ' ');
}

/** At least nine single characters in a row, each set off by a space, dot, dash or underscore. */
const SPACED = /(?<!\S)(?:\S[ ._-]{1,3}){8}\S(?!\S)/u;
const GAP = /(\S)[ ._-]{1,3}/gu;

/** `i g n o r e   a l l` as `ignore all`: single gaps vanish, wider ones become one space. */
function lettersJoined(view: TextView): Decoded | null {
  const start = view.text.search(SPACED);
  if (start < 0) return null;
  return replaced(view, GAP, 'spacing', (whole, letter = '') =>
    whole.length > letter.length + 1 ? `${letter} ` : letter,
  );
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};
const LEET_WORD = /(?<![\w@$])[a-z0134578@$]{2,24}(?![\w@$])/gi;
/** A longer text in which every word is disguised is read by its beginning. */
const LEET_LIMIT = 16_384;

/** Digits and signs in words read as the letters they look like. */
function leetRead(view: TextView): Decoded | null {
  if (view.text.length > LEET_LIMIT || !view.text.includes(' ')) return null;
  return replaced(view, LEET_WORD, 'leet', (word) =>
    /[a-z]/i.test(word) || /^[0-9]{2,3}$/.test(word) ? word.replace(/[0-9@$]/g, (sign) => LEET[sign] ?? sign) : word,
  );
}

/** Words of instructions to a model, as rot13 writes them. Two different ones are no accident. */
const ROT13_WORDS = /vtaber|vafgehpgvba|flfgrz|cebzcg|cerivbhf|cnffjbeq|erirny|frperg|sbetrg/gi;

function rot13(view: TextView): Decoded | null {
  const words = new Set(view.text.slice(0, ROT13_SAMPLE).toLowerCase().match(ROT13_WORDS));
  if (words.size < 2) return null;
  return replaced(view, /[a-z]{1,4096}/gi, 'rot13', (letters) =>
    letters.replace(/[a-z]/gi, (letter) => {
      const base = letter <= 'Z' ? 65 : 97;
      return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
    }),
  );
}

const ROT13_SAMPLE = 65_536;

type Replace = (whole: string, ...groups: (string | undefined)[]) => string;

/** Replacements in one view. */
const MAX_REPLACEMENTS = 32_768;

/** The view with each match of `pattern` replaced, up to a limit; null where nothing changes. */
function replaced(view: TextView, pattern: RegExp, step: string, replace: Replace): Decoded | null {
  let out: ViewBuilder | null = null;
  let copied = 0;
  let replacements = 0;
  for (const match of view.text.matchAll(pattern)) {
    if (replacements++ === MAX_REPLACEMENTS) break;
    const [whole, ...groups] = match;
    const piece = replace(whole, ...(groups as (string | undefined)[]));
    if (piece === whole) continue;
    out ??= new ViewBuilder(view);
    out.copy(copied, match.index);
    out.push(piece, match.index);
    copied = match.index + whole.length;
  }
  out?.copy(copied, view.text.length);
  return out && { view: out.build(step), exhausted: replacements > MAX_REPLACEMENTS };
}
