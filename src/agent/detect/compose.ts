/** 1 for code units that attach to the one before: marks, and the vowels and finals of Hangul. */
const ATTACHES = new Uint8Array(65_536);
for (let code = 0x300; code < 65_536; code++) {
  if (/\p{M}/u.test(String.fromCharCode(code)) || (code >= 0x1161 && code <= 0x11ff)) ATTACHES[code] = 1;
}

/** Longer runs of marks are no spelling of anything. */
const MAX_MARKS = 16;

/** Whether this code unit composes with the character before it. False for NaN, which reading behind a text gives. */
export function isMark(code: number): boolean {
  return ATTACHES[code] === 1;
}

/** End of the cluster whose base character ends at `index`. */
export function clusterEnd(text: string, index: number): number {
  let end = index;
  while (end - index < MAX_MARKS && isMark(text.charCodeAt(end))) end++;
  return end;
}

const FOLDED: string[] = [];

/** NFKC of one code unit, remembered: at most 65,536 short strings. */
export function foldUnit(code: number): string {
  return (FOLDED[code] ??= String.fromCharCode(code).normalize('NFKC'));
}
