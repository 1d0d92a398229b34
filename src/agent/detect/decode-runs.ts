import { Buffer } from 'node:buffer';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { HINT } from './encoding-hints';
import { sourceSpan, type TextView } from './text-view';

/** What is left to spend on decoding one field. */
export interface DecodeBudget {
  /** UTF-16 code units of text, or bytes of one decompression. */
  output: number;
  views: number;
}

/** Runs shorter than this hold no phrase worth decoding. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const DIGIT_RUN = /[0-9a-f :,]{16,}/gi;
/** Runs of one kind looked at in one view. */
const MAX_RUNS = 128;

/** Views out of encoded runs: base64, hex and binary digits, and what is compressed inside them. */
export function* decodeRuns(view: TextView, hints: number, budget: DecodeBudget): Iterable<TextView | 'exhausted'> {
  if (hints & HINT.BASE64) {
    for (const run of runsOf(view.text, BASE64_RUN)) {
      if (looksLikeBase64(run[0])) yield* opened(view, run, 'base64', Buffer.from(run[0], 'base64'), budget);
    }
  }
  if (hints & HINT.DIGITS) {
    for (const run of runsOf(view.text, DIGIT_RUN)) {
      const binary = binaryBytes(run[0]);
      yield* binary ? opened(view, run, 'binary', binary, budget) : opened(view, run, 'hex', hexBytes(run[0]), budget);
    }
  }
}

function* opened(
  view: TextView,
  run: RegExpMatchArray,
  step: string,
  bytes: Buffer,
  budget: DecodeBudget,
): Iterable<TextView | 'exhausted'> {
  const result = opens(bytes, budget.output);
  if (result === 'too large') yield 'exhausted';
  else if (result) {
    const start = run.index ?? 0;
    yield {
      text: result.text,
      decodedBy: [...view.decodedBy, step, ...result.steps],
      map: null,
      within: sourceSpan(view, start, start + run[0].length),
    };
  }
}

function* runsOf(text: string, pattern: RegExp): Iterable<RegExpMatchArray> {
  let runs = 0;
  for (const run of text.matchAll(pattern)) {
    if (runs++ === MAX_RUNS) return;
    yield run;
  }
}

/** Words, paths and identifiers are runs of base64 letters too; real base64 mixes cases and digits, or is padded. */
function looksLikeBase64(run: string): boolean {
  if (run.endsWith('=')) return true;
  if (/^[0-9a-f]{1,4096}$/i.test(run)) return false;
  return /[A-Z]/.test(run) && /[a-z]/.test(run) && (/[0-9+/_-]/.test(run) || run.length >= 24);
}

/** Bytes of pairs of hexadecimal digits; groups of odd length are words or numbers and left out. */
function hexBytes(run: string): Buffer {
  const groups = run.split(/[ :,]/).filter((group) => group.length > 0 && group.length % 2 === 0);
  return Buffer.from(groups.join(''), 'hex');
}

/** Bytes of groups of eight binary digits; null where there are no four of them. */
function binaryBytes(run: string): Buffer | null {
  const groups = run.match(/\b(?:[01]{8}){1,512}\b/g) ?? [];
  const digits = groups.join('');
  if (digits.length < 32) return null;
  const bytes = Buffer.alloc(digits.length / 8);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(i * 8, i * 8 + 8), 2);
  return bytes;
}

interface Opened {
  readonly text: string;
  readonly steps: readonly string[];
}

function opens(bytes: Buffer, limit: number): Opened | 'too large' | null {
  const inflate = inflaterFor(bytes);
  if (!inflate) return readable(bytes, []);
  try {
    return readable(inflate.run(bytes, { maxOutputLength: Math.max(1, limit) }), [inflate.step]);
  } catch (error) {
    return isTooLarge(error) ? 'too large' : readable(bytes, []);
  }
}

function isTooLarge(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;

function inflaterFor(bytes: Buffer): { step: string; run: Inflate } | null {
  const [first = 0, second = 0] = bytes;
  if (first === 0x1f && second === 0x8b) return { step: 'gzip', run: gunzipSync };
  if (first === 0x78 && (first * 256 + second) % 31 === 0) return { step: 'deflate', run: inflateSync };
  // A raw stream has no mark; text never starts with these, so a failed attempt costs little.
  return RAW_STARTS.has(first) && bytes.length > 8 ? { step: 'deflate', run: inflateRawSync } : null;
}

/** First bytes of a last block in fixed or dynamic Huffman code. */
const RAW_STARTS: ReadonlySet<number> = new Set([0x4b, 0xf3, 0xcb, 0x2b, 0xab, 0xd3, 0x05, 0x8d, 0xb5, 0xcd, 0xed]);

const MIN_TEXT = 4;
const READABLE_SHARE = 0.9;
const SAMPLE = 4_096;

/** The bytes as text where they are text: valid UTF-8 or UTF-16, nine in ten characters printable. */
function readable(bytes: Buffer, steps: readonly string[]): Opened | null {
  if (bytes.length < MIN_TEXT) return null;
  const text = isUtf16(bytes) ? bytes.toString('utf16le') : bytes.toString('utf8');
  const sample = text.slice(0, SAMPLE);
  const odd = sample.match(/[^\t\n\r\x20-\x7e\u00a0-\u{d7ff}\u{e000}-\u{fffc}\u{10000}-\u{10ffff}]/gu)?.length ?? 0;
  return odd > sample.length * (1 - READABLE_SHARE) ? null : { text, steps };
}

/** UTF-16LE of Latin text, as PowerShell's -EncodedCommand takes it: every second byte is zero. */
function isUtf16(bytes: Buffer): boolean {
  const pairs = Math.min(bytes.length >> 1, 64);
  if (pairs < MIN_TEXT) return false;
  for (let i = 0; i < pairs; i++) if (bytes[i * 2] === 0 || bytes[i * 2 + 1] !== 0) return false;
  return true;
}
