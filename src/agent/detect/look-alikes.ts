import { CONFUSABLES } from './confusables';
import { sourceSpan, type Span, type TextView, ViewBuilder } from './text-view';

export interface LookAlikes {
  /** The view with the words in Latin. */
  readonly view: TextView;
  /** How many words. */
  readonly count: number;
  /** The first of them, in the field. */
  readonly first: Span;
  /** The first 50, in Latin. */
  readonly words: string;
}

/**
 * Look-alikes in words that also hold basic Latin letters, as Latin. Words in one script are left alone, and so are
 * words whose foreign letters look like nothing Latin. Null where there is nothing to replace.
 */
export function replaceLookAlikes(view: TextView): LookAlikes | null {
  const disguised = disguisedWords(view.text);
  const [first] = disguised;
  if (!first) return null;
  const out = new ViewBuilder(view);
  let copied = 0;
  for (const { latin, index } of disguised) {
    out.copy(copied, index);
    for (let i = 0; i < latin.length; i++) out.push(latin.charAt(i), index + i);
    copied = index + latin.length;
  }
  out.copy(copied, view.text.length);
  return {
    view: out.build(null),
    count: disguised.length,
    first: sourceSpan(view, first.index, first.index + first.latin.length),
    words: disguised
      .slice(0, 50)
      .map(({ latin }) => latin)
      .join(' '),
  };
}

/** Words around each place where a Latin letter touches a look-alike, with their Latin reading. */
function disguisedWords(text: string): readonly { latin: string; index: number }[] {
  const disguised: { latin: string; index: number }[] = [];
  let searched = 0;
  for (const { index: seam } of text.matchAll(SEAM)) {
    if (seam < searched) continue;
    const before = WORD_BEFORE.exec(text.slice(Math.max(searched, seam - MAX_WORD), seam))?.[0] ?? '';
    const after = WORD_AFTER.exec(text.slice(seam, seam + MAX_WORD))?.[0] ?? '';
    searched = seam + after.length;
    const latin = latinReading(before + after);
    if (latin !== null) disguised.push({ latin, index: seam - before.length });
    if (disguised.length === MAX_DISGUISED) break;
  }
  return disguised;
}

/** All look-alikes are single UTF-16 code units, so the reading is as long as the word. */
function latinReading(word: string): string | null {
  const latin = word.replace(EACH_LOOK_ALIKE, (letter) => CONFUSABLES.get(letter) ?? letter);
  return FOREIGN.test(latin) ? null : latin;
}

/** Words beyond this many stay as they are: the text has long been reported. */
const MAX_DISGUISED = 4_096;
const MAX_WORD = 64;
const WORD_BEFORE = /[\p{L}\p{M}]{0,64}$/u;
const WORD_AFTER = /^[\p{L}\p{M}]{1,64}/u;
const LOOK_ALIKE = `[${[...CONFUSABLES.keys()].join('')}]`;
const EACH_LOOK_ALIKE = new RegExp(LOOK_ALIKE, 'gu');
const SEAM = new RegExp(`[a-zA-Z]${LOOK_ALIKE}|${LOOK_ALIKE}[a-zA-Z]`, 'gu');
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
