import { Buffer } from 'node:buffer';
import { clusterEnd, foldUnit, isMark } from './compose';
import { entityAt } from './html-entities';
import { type HiddenKind, invisibleClass, RIGHT_TO_LEFT, takesJoiner, variationByte } from './invisible';
import { replaceLookAlikes } from './look-alikes';
import { plainView, type Span, type TextView, ViewBuilder } from './text-view';

/** Something hidden in the text that has no legitimate reading there. */
export interface HiddenContent {
  readonly kind: HiddenKind;
  /** How many characters or sequences. */
  readonly count: number;
  /** First run of them, in the field. */
  readonly span: Span;
  /** What they spell, where they spell something. */
  readonly recovered: string;
}

export interface NormalisedText {
  readonly view: TextView;
  readonly hidden: readonly HiddenContent[];
}

/** Anything but printable ASCII, tab and line breaks; or the start of a character reference. */
const NEEDS_WORK = /[^\t\n\r\x20-\x7e]|&(?:#|[a-z]{2})/i;

/**
 * The text as a reader's eye or an LLM takes it: compatibility forms folded (NFKC), invisible characters removed and
 * what they smuggle spelt out, terminal sequences removed, character references decoded, look-alikes in words that mix
 * scripts replaced. What typography needs (joiners in emoji, Persian and Indic, flags, soft hyphens, direction marks in
 * right-to-left text) is removed as well, but not reported. Every part of the result maps back to the field.
 */
export function normaliseText(text: string): NormalisedText {
  if (!NEEDS_WORK.test(text)) return { view: plainView(text), hidden: [] };
  return new Normaliser(text).run();
}

class Normaliser {
  private readonly out: ViewBuilder;
  private readonly found = new Map<HiddenKind, { count: number; span: Span; recovered: string }>();
  private readonly rightToLeft: boolean;
  private readonly folds: boolean;
  /** The last visible character. */
  private previous = '';
  private lastSoftHyphen = -10;
  /** Start of the run not yet copied. */
  private pending = 0;

  constructor(private readonly text: string) {
    this.out = new ViewBuilder(plainView(text));
    this.rightToLeft = RIGHT_TO_LEFT.test(text);
    this.folds = text.normalize('NFKC') !== text;
  }

  run(): NormalisedText {
    const { text } = this;
    let i = 0;
    while (i < text.length) i = this.step(i, text.codePointAt(i) ?? 0);
    this.flush(i);
    const view = this.out.build(null);
    const latin = replaceLookAlikes(view);
    if (latin) this.note('mixed-script', latin.first, latin.words, latin.count);
    const hidden = [...this.found].map(([kind, { count, span, recovered }]) => ({ kind, count, span, recovered }));
    return { view: latin?.view ?? view, hidden };
  }

  /** Handles the character at `i`; answers the index behind what it consumed. */
  private step(i: number, code: number): number {
    if (code >= 0x20 && code < 0x7f) return this.printable(i, code);
    if (code === 0x1b || code === 0x9b) return this.terminalSequence(i);
    const kind = invisibleClass(code);
    const size = code > 0xffff ? 2 : 1;
    if (kind === null) return this.folds && code >= 0x80 ? this.cluster(i, size) : this.visible(i, size);
    this.flush(i);
    if (kind === 'tag') return this.tags(i);
    if (kind === 'variation') return this.variations(i);
    const suspect = this.suspicion(kind, code, i);
    if (suspect) this.note(suspect, { start: i, end: i + size }, '', 1);
    if (kind === 'soft-hyphen') this.lastSoftHyphen = i;
    this.pending = i + size;
    return i + size;
  }

  private printable(i: number, code: number): number {
    if (code === 0x26) return this.ampersand(i);
    return this.folds && isMark(this.text.charCodeAt(i + 1)) ? this.cluster(i, 1) : this.visible(i, 1);
  }

  /** What an invisible character is reported as; null where typography or encoding explains it. */
  private suspicion(
    kind: 'zero-width' | 'joiner' | 'soft-hyphen' | 'mark' | 'bidi' | 'control',
    code: number,
    i: number,
  ): HiddenKind | null {
    switch (kind) {
      case 'soft-hyphen':
        // Hyphenation leaves syllables; a soft hyphen behind every letter is there to break words for machines.
        return i - this.lastSoftHyphen === 2 ? 'zero-width' : null;
      case 'joiner':
        return takesJoiner(this.previous) ? null : 'zero-width';
      case 'mark':
        return this.rightToLeft ? null : 'zero-width';
      case 'bidi':
        return this.rightToLeft && !isOverride(code) ? null : 'bidi';
      case 'control':
        return code === FORM_FEED || code === NEXT_LINE ? null : 'control';
      case 'zero-width':
        return this.isEncodingOrBreak(code, i) ? null : 'zero-width';
    }
  }

  /** A byte order mark at the start, or a break opportunity in a script written without spaces. */
  private isEncodingOrBreak(code: number, i: number): boolean {
    return (code === 0xfeff && i === 0) || (code === 0x200b && takesJoiner(this.previous));
  }

  private visible(i: number, size: number): number {
    this.previous = size === 1 ? this.text.charAt(i) : this.text.slice(i, i + size);
    return i + size;
  }

  private flush(to: number): void {
    this.out.copy(this.pending, to);
    this.pending = to;
  }

  private replace(from: number, to: number, piece: string): number {
    this.flush(from);
    this.out.push(piece, from);
    this.pending = to;
    return to;
  }

  private ampersand(i: number): number {
    const entity = entityAt(this.text, i);
    if (!entity) return this.visible(i, 1);
    const code = entity.text.codePointAt(0) ?? 0;
    const shown = invisibleClass(code) === null ? entity.text.normalize('NFKC') : '';
    return this.replace(i, i + entity.length, shown);
  }

  /** ECMA-48 control sequences and operating system commands; a bare ESC is dropped alone. */
  private terminalSequence(i: number): number {
    TERMINAL_SEQUENCE.lastIndex = i;
    const length = TERMINAL_SEQUENCE.exec(this.text)?.[0].length ?? 1;
    this.note('ansi', { start: i, end: i + length }, '', 1);
    return this.replace(i, i + length, '');
  }

  /** A visible character with the marks behind it, folded together so that composition works. */
  private cluster(i: number, size: number): number {
    const end = clusterEnd(this.text, i + size);
    this.previous = this.text.slice(i, i + size);
    const folded = end === i + 1 ? foldUnit(this.text.charCodeAt(i)) : this.text.slice(i, end).normalize('NFKC');
    if (folded === this.text.slice(i, end) || folded.length > MAX_EXPANSION * (end - i)) return end;
    return this.replace(i, end, folded);
  }

  private tags(i: number): number {
    TAG_RUN.lastIndex = i;
    const run = TAG_RUN.exec(this.text)?.[0] ?? '';
    const end = i + run.length;
    let spelt = '';
    for (const character of run) {
      const ascii = (character.codePointAt(0) ?? 0) - 0xe0000;
      if (ascii >= 0x20 && ascii < 0x7f) spelt += String.fromCharCode(ascii);
    }
    this.pending = end;
    const isFlag = this.previous === '\u{1f3f4}' && /^[a-z0-9]{3,6}$/.test(spelt) && run.endsWith('\u{e007f}');
    if (isFlag) return end;
    this.note('tag', { start: i, end }, spelt, run.length / 2);
    this.out.push(` ${spelt} `, i);
    return end;
  }

  private variations(i: number): number {
    VARIATION_RUN.lastIndex = i;
    const selectors = VARIATION_RUN.exec(this.text)?.[0] ?? '';
    const run = Array.from(selectors);
    const end = i + selectors.length;
    this.pending = end;
    // One selector behind a visible character chooses its glyph; a row of them carries bytes.
    this.previous = '\ufe0f';
    if (run.length === 1) return end;
    const bytes = Buffer.from(run.map((selector) => variationByte(selector.codePointAt(0) ?? 0)));
    const spelt = bytes.toString().replace(/[\p{C}\ufffd]/gu, '');
    this.note('variation', { start: i, end }, spelt, run.length);
    this.out.push(` ${spelt} `, i);
    return end;
  }

  private note(kind: HiddenKind, span: Span, recovered: string, count: number): void {
    const known = this.found.get(kind);
    if (!known) this.found.set(kind, { count, span, recovered: recovered.slice(0, RECOVERED_LIMIT) });
    else {
      known.count += count;
      if (span.start - known.span.end <= ADJACENT) known.span = { start: known.span.start, end: span.end };
      known.recovered = (known.recovered + recovered).slice(0, RECOVERED_LIMIT);
    }
  }
}

/** A single character that folds to more than this many times its length keeps its form: U+FDFA would be 18. */
const MAX_EXPANSION = 6;
const FORM_FEED = 0x0c;
const NEXT_LINE = 0x85;

function isOverride(code: number): boolean {
  return code === 0x202d || code === 0x202e;
}

const RECOVERED_LIMIT = 1_000;
/** Occurrences at most this far apart are shown as one place. */
const ADJACENT = 8;
const TERMINAL_SEQUENCE =
  /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,1024}(?:\x07|\x1b\\)|\x1b[@-_]/y; // eslint-disable-line no-control-regex
const TAG_RUN = /[\u{e0000}-\u{e007f}]{1,4096}/uy;
const VARIATION_RUN = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{1,4096}/uy;
