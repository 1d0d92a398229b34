import { Buffer } from 'node:buffer';

/** A readable form of a field's text that knows where in the field each part of it came from. */
export interface TextView {
  readonly text: string;
  /** Decodings between the field and this text, outermost first; empty for the (normalised) field itself. */
  readonly decodedBy: readonly string[];
  /** Field index of the source of each code unit, rising; one more for the end. Null: the text is the field's own. */
  readonly map: Int32Array | null;
  /** Set where the whole view came out of one encoded run: that run in the field. Then `map` means nothing. */
  readonly within: Span | null;
}

/** [start, end) in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The view that is the field itself. */
export function plainView(text: string): TextView {
  return { text, decodedBy: [], map: null, within: null };
}

/** Where [start, end) of the view came from: a span of the field, never empty for a non-empty span of the view. */
export function sourceSpan(view: TextView, start: number, end: number): Span {
  if (view.within) return view.within;
  const { map } = view;
  if (!map) return { start, end };
  const from = map[start] ?? 0;
  const last = map[Math.max(start, end - 1)] ?? from;
  let next = end;
  while (next < map.length - 1 && (map[next] ?? 0) <= last) next++;
  return { start: from, end: Math.max(map[next] ?? last, last) };
}

/** Widens a span so that it cuts no surrogate pair of `text`. */
export function wholeCharacters(text: string, { start, end }: Span): Span {
  const low = (index: number): boolean =>
    index > 0 && index < text.length && isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1));
  return { start: low(start) ? start - 1 : start, end: low(end) ? end + 1 : end };
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

/** The span in bytes of the field's UTF-8 form. Lone surrogates count 3 bytes, as U+FFFD that encoders write for them. */
export function byteSpan(text: string, span: Span): Span {
  const start = Buffer.byteLength(text.slice(0, span.start));
  return { start, end: start + Buffer.byteLength(text.slice(span.start, span.end)) };
}

const EXCERPT_LIMIT = 200;

/** The text for people: at most 200 characters, everything invisible or controlling escaped as \u{…}. */
export function excerptOf(text: string): string {
  let excerpt = '';
  for (const character of text.slice(0, EXCERPT_LIMIT)) {
    const shown = UNSHOWABLE.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
    if (excerpt.length + shown.length > EXCERPT_LIMIT) break;
    excerpt += shown;
  }
  return excerpt;
}

/** Control, format, surrogate, private-use, unassigned; line and paragraph separators; marks and fillers that do not show. */
const UNSHOWABLE = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Cn}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u;

/** Collects a derived text and its map, piece by piece. */
export class ViewBuilder {
  private readonly pieces: string[] = [];
  private map: Int32Array;
  private length = 0;

  constructor(private readonly source: TextView) {
    this.map = new Int32Array(source.text.length + 1);
  }

  /** Appends `piece`, which stands for the source from `at` on. */
  push(piece: string, at: number): void {
    this.reserve(piece.length);
    const origin = this.originOf(at);
    this.pieces.push(piece);
    this.map.fill(origin, this.length, this.length + piece.length);
    this.length += piece.length;
  }

  /** Appends source [start, end) unchanged. */
  copy(start: number, end: number): void {
    if (end <= start) return;
    this.reserve(end - start);
    this.pieces.push(this.source.text.slice(start, end));
    for (let i = start; i < end; i++) this.map[this.length++] = this.originOf(i);
  }

  /** The finished view, decoded by one more step unless `step` is null. */
  build(step: string | null): TextView {
    this.reserve(1);
    this.map[this.length] = this.originOf(this.source.text.length);
    return {
      text: this.pieces.join(''),
      decodedBy: step === null ? this.source.decodedBy : [...this.source.decodedBy, step],
      map: this.source.within ? null : this.map.subarray(0, this.length + 1),
      within: this.source.within,
    };
  }

  private originOf(index: number): number {
    return this.source.map ? (this.source.map[index] ?? 0) : index;
  }

  private reserve(more: number): void {
    const needed = this.length + more + 1;
    if (needed <= this.map.length) return;
    const grown = new Int32Array(needed * 2);
    grown.set(this.map);
    this.map = grown;
  }
}
