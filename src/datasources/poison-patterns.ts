/**
 * What makes the backend queue text as an asynchronous job, which kills it: its own 26 expressions, widened where that
 * is simpler. Too much caution costs one call of another endpoint; too little costs the backend.
 */
const POISON_PATTERNS: readonly RegExp[] = [
  /<\s*(?:\/\s*)?(?:script|iframe|object|embed|form|input|meta|link|style)/i,
  /(?:java|vb)script\s*:/i,
  /data\s*:\s*text\/html/i,
  // An "on…=", in time that grows with the text and not with its square.
  /(?<!\w)(?=\w*on\w)\w+\s*=/i,
  /(?:expression|eval|function|setTimeout|setInterval)\s*\(/i,
  /document\s*\.\s*write/i,
  /(?:inner|outer)HTML/i,
  /insertAdjacentHTML/i,
  /dangerouslySetInnerHTML/i,
  /url\s*\(\s*(?:["']\s*)?(?:javascript|vbscript|data)/i,
];

/** True when `/api/sanitize/json` must not see this text, as it is or after Unicode normalisation. */
export function isPoisonous(text: string): boolean {
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  return POISON_PATTERNS.some((pattern) => pattern.test(text) || pattern.test(plain));
}
