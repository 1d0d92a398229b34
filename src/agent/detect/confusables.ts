/**
 * Letters of other scripts that look like a basic Latin letter (Unicode UTS #39, the subset in common use).
 * Each row: a Latin letter, then its look-alikes.
 */
const LOOK_ALIKES = [
  'aаαɑ', 'AАΑᎪ', 'BВΒᏴ', 'bЬƄ', 'cсϲᴄ', 'CСϹᏟ', 'dԁɗ', 'DᎠ', 'eеҽ', 'EЕΕᎬ', 'FϜ', 'gɡց', 'GԌᏀ', 'hһհ', 'HНΗᎻ',
  'iіιıɩ', 'IІΙӀ', 'jјϳ', 'JЈᎫ', 'kκк', 'KКΚᏦ', 'lӏⅼ', 'LᏞ', 'MМΜᎷ', 'nոп', 'NΝ', 'oоοօσ', 'OОΟՕ', 'pрρ', 'PРΡᏢ',
  'qԛզ', 'rгᴦ', 'RᏒ', 'sѕꜱ', 'SЅՏᏚ', 'tтτ', 'TТΤᎢ', 'uυսᴜц', 'UՍ', 'vνѵᴠ', 'VѴᏙ', 'wѡԝᴡ', 'WԜᎳ', 'xхχ', 'XХΧ',
  'yуүγ', 'YҮΥУ', 'zᴢ', 'ZΖᏃ',
] as const; // prettier-ignore

/** The Latin letter that a look-alike stands for. */
export const CONFUSABLES: ReadonlyMap<string, string> = new Map(
  LOOK_ALIKES.flatMap((row) => Array.from(row.slice(1), (lookAlike): [string, string] => [lookAlike, row.charAt(0)])),
);
