/** What a text may hold, by a glance at each character: bits that gate the costlier decoders. */
export const HINT = {
  PERCENT: 1,
  BACKSLASH: 2,
  AMPERSAND: 4,
  PLUS: 8,
  COMMENT: 16,
  /** At least 16 characters of base64 in a row. */
  BASE64: 32,
  /** At least 16 hexadecimal digits and separators in a row. */
  DIGITS: 64,
  /** At least 8 single characters set off by separators. */
  SPACED: 128,
  /** At least 4 letters followed by a digit or sign that stands for a letter. */
  LEET: 256,
  /** More of n, r, v, b, h than vowels: unlike the languages that rot13 is used on. */
  ROTATED: 512,
} as const;

const LETTER = 1;
const BASE64_SIGN = 2;
const HEX_DIGIT = 4;
const HEX_GAP = 8;
const SPACE_GAP = 16;
const LEET_SIGN = 32;

const CLASS = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  CLASS[code] =
    (/[a-z]/i.test(character) ? LETTER : 0) |
    (/[a-z0-9+/_-]/i.test(character) ? BASE64_SIGN : 0) |
    (/[0-9a-f]/i.test(character) ? HEX_DIGIT : 0) |
    (/[ :,]/.test(character) ? HEX_GAP : 0) |
    (/[ ._-]/.test(character) ? SPACE_GAP : 0) |
    (/[013457@$]/.test(character) ? LEET_SIGN : 0);
}

/** The bits of `HINT` that apply. One pass, nothing allocated. */
export function encodingHints(text: string): number {
  let hints = 0;
  let base64 = 0;
  let digits = 0;
  let leet = 0;
  let balance = 0;
  let previous = SPACE_GAP;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? (CLASS[code] ?? 0) : 0;
    base64 = kind & BASE64_SIGN ? base64 + 1 : 0;
    // Gaps between groups of digits neither count nor end the row.
    if (kind & HEX_DIGIT) digits++;
    else if (!(kind & HEX_GAP)) digits = 0;
    if (base64 === 16) hints |= HINT.BASE64;
    if (digits === 16) hints |= HINT.DIGITS;
    if (kind & LEET_SIGN && previous & LETTER) leet++;
    if (kind & LETTER) balance += VOWEL_BALANCE[code] ?? 0;
    else hints |= signHint(code, text, i);
    previous = kind;
  }
  return hints | (leet >= 4 ? HINT.LEET : 0) | (balance > 0 ? HINT.ROTATED : 0) | spacedHint(text);
}

/** Vowels count against rot13, what rot13 makes of them counts for it. */
const VOWEL_BALANCE = Int8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code).toLowerCase();
  if ('aeiou'.includes(letter)) return -1;
  return 'nrvbh'.includes(letter) ? 1 : 0;
});

/** One visible character between gaps makes a single; a second gap keeps the row, a longer word ends it. */
function spacedHint(text: string): number {
  let singles = 0;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 && (CLASS[code] ?? 0) & SPACE_GAP) {
      if (length > 1) singles = 0;
      else if (length === 1 && ++singles === 8) return HINT.SPACED;
      length = 0;
    } else length++;
  }
  return 0;
}

function signHint(code: number, text: string, index: number): number {
  switch (code) {
    case 0x25:
      return HINT.PERCENT;
    case 0x26:
      return HINT.AMPERSAND;
    case 0x2b:
      return HINT.PLUS;
    case 0x2f:
      return text.charCodeAt(index + 1) === 0x2a ? HINT.COMMENT : 0;
    case 0x5c:
      return HINT.BACKSLASH;
    default:
      return 0;
  }
}
