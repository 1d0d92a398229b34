/** The named character references that carry syntax or occur in attacks; all others stay as they are. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  ast: '*',
  bsol: '\\',
  bull: '•',
  colon: ':',
  comma: ',',
  commat: '@',
  copy: '©',
  dollar: '$',
  equals: '=',
  excl: '!',
  grave: '`',
  gt: '>',
  hellip: '…',
  hyphen: '-',
  laquo: '«',
  lbrace: '{',
  lbrack: '[',
  lcub: '{',
  lowbar: '_',
  lpar: '(',
  lsqb: '[',
  lt: '<',
  mdash: '—',
  nbsp: ' ',
  ndash: '–',
  newline: '\n',
  num: '#',
  percnt: '%',
  period: '.',
  plus: '+',
  quest: '?',
  quot: '"',
  raquo: '»',
  rbrace: '}',
  rbrack: ']',
  rcub: '}',
  rpar: ')',
  rsqb: ']',
  semi: ';',
  shy: '',
  sol: '/',
  tab: '\t',
  verbar: '|',
  zwj: '',
  zwnj: '',
};

const REFERENCE = /&(?:#x0{0,8}([0-9a-f]{1,6})|#0{0,8}([0-9]{1,7})|([a-z]{2,8}));?/iy;

/** The character reference at `index` of `text`: what it stands for and its length; null where there is none. */
export function entityAt(text: string, index: number): { readonly text: string; readonly length: number } | null {
  REFERENCE.lastIndex = index;
  const match = REFERENCE.exec(text);
  if (!match) return null;
  const [whole, hex, decimal, name] = match;
  if (name !== undefined) {
    const named = whole.endsWith(';') ? NAMED[name.toLowerCase()] : undefined;
    return named === undefined ? null : { text: named, length: whole.length };
  }
  const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return null;
  return { text: String.fromCodePoint(code), length: whole.length };
}
