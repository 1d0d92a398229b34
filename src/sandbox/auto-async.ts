/** The backend's 26 expressions: text that matches one is queued as an asynchronous job, asked for or not. */
const TRIGGERS: readonly RegExp[] = [
  /<script\b[^>]*>[\s\S]*?<\/script>/i,
  /javascript:/i,
  /vbscript:/i,
  /(?<!\w)(?=\w*on\w)\w+\s*=/i,
  /<iframe\b[^>]*>/i,
  /<object\b[^>]*>/i,
  /<embed\b[^>]*>/i,
  /<form\b[^>]*>/i,
  /<input\b[^>]*>/i,
  /<meta\b[^>]*>/i,
  /<link\b[^>]*>/i,
  /<style\b[^>]*>[\s\S]*?<\/style>/i,
  /data:text\/html/i,
  /expression\s*\(/i,
  /eval\s*\(/i,
  /Function\s*\(/i,
  /setTimeout\s*\(\s*['"]/i,
  /setInterval\s*\(\s*['"]/i,
  /document\.write/i,
  /innerHTML\s*=/i,
  /outerHTML\s*=/i,
  /insertAdjacentHTML/i,
  /dangerouslySetInnerHTML/i,
  /url\s*\(\s*['"]?\s*javascript:/i,
  /url\s*\(\s*['"]?\s*vbscript:/i,
  /url\s*\(\s*['"]?\s*data:/i,
];

/** True when the backend would queue this text. */
export function triggersAsync(text: string): boolean {
  return TRIGGERS.some((pattern) => pattern.test(text));
}
