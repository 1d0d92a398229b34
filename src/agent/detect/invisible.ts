/** Kinds of content that a person does not see but a machine reads. */
export const HIDDEN_KINDS = ['zero-width', 'bidi', 'tag', 'variation', 'ansi', 'control', 'mixed-script'] as const;
export type HiddenKind = (typeof HIDDEN_KINDS)[number];

type CharacterClass = 'zero-width' | 'joiner' | 'soft-hyphen' | 'mark' | 'bidi' | 'tag' | 'variation' | 'control';

/** What an invisible code point is; null for visible ones, and for space, tab and line breaks. */
export function invisibleClass(code: number): CharacterClass | null {
  if (code < 0xad) return isControl(code) ? 'control' : null;
  if (code >= 0xe0000) return supplementaryClass(code);
  if (code >= 0xfe00 && code <= 0xfe0f) return 'variation';
  return SPECIAL.get(code) ?? null;
}

function isControl(code: number): boolean {
  return (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || (code >= 0x7f && code < 0xa0);
}

function supplementaryClass(code: number): CharacterClass | null {
  if (code <= 0xe007f) return 'tag';
  return code >= 0xe0100 && code <= 0xe01ef ? 'variation' : null;
}

/** No width and no use inside words: grapheme joiner, fillers, zero-width space, word joiner, invisible operators, BOM. */
const ZERO_WIDTH = [
  0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180c, 0x180d, 0x180e, 0x180f, 0x200b, 0x2060, 0x2061, 0x2062, 0x2063,
  0x2064, 0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xfffa, 0xfffb,
] as const;

const SPECIAL: ReadonlyMap<number, CharacterClass> = new Map<number, CharacterClass>([
  [0xad, 'soft-hyphen'],
  ...[0x200c, 0x200d].map((code): [number, CharacterClass] => [code, 'joiner']),
  ...[0x200e, 0x200f, 0x61c].map((code): [number, CharacterClass] => [code, 'mark']),
  ...[0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069].map((code): [number, CharacterClass] => [
    code,
    'bidi',
  ]),
  ...ZERO_WIDTH.map((code): [number, CharacterClass] => [code, 'zero-width']),
]);

/** Letters of scripts whose shaping needs joiners: Arabic, Syriac, Mongolian, Indic and neighbours; and emoji parts. */
const JOINS =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Thai}\p{Script=Lao}\p{Script=Tibetan}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u;

/** True where a zero-width (non-)joiner behind this character has an effect on what people see. */
export function takesJoiner(previous: string): boolean {
  return JOINS.test(previous);
}

/** The byte that a variation selector encodes in the "emoji smuggling" scheme: VS1…16 = 0…15, VS17…256 = 16…255. */
export function variationByte(code: number): number {
  return code >= 0xe0100 ? code - 0xe0100 + 16 : code - 0xfe00;
}

/** Right-to-left letters: where they occur, direction marks are ordinary typography. */
export const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
