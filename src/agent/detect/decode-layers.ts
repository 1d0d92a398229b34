import { decodeCharacters } from './decode-characters';
import { type DecodeBudget, decodeRuns } from './decode-runs';
import { encodingHints } from './encoding-hints';
import { normaliseText } from './normalise-text';
import { type TextView } from './text-view';

/** Decodings stacked on one another that are followed. */
export const MAX_DEPTH = 3;
/** UTF-16 code units of all decoded views together, and bytes of one decompression. */
export const MAX_OUTPUT = 1_048_576;
/** Views of one field. */
export const MAX_VIEWS = 64;

export interface DecodedLayers {
  /** Outer layers first; without the given view itself. */
  readonly views: readonly TextView[];
  /** The budget ended before the encodings did: a decompression bomb, or a text of encodings. */
  readonly exhausted: boolean;
}

/** Every decoded form of the view that could be text, breadth first, at most `MAX_DEPTH` deep and within the budget. */
export function decodeLayers(field: TextView): DecodedLayers {
  if (encodingHints(field.text) === 0) return NOTHING;
  const budget: DecodeBudget = { output: MAX_OUTPUT, views: MAX_VIEWS };
  const views: TextView[] = [];
  const seen = new Set([field.text]);
  let exhausted = false;
  let layer: readonly TextView[] = [field];
  for (let depth = 0; depth < MAX_DEPTH && layer.length > 0; depth++) {
    const found: TextView[] = [];
    for (const view of layer) {
      const hints = encodingHints(view.text);
      for (const candidate of candidates(view, hints, budget)) {
        if (candidate === 'exhausted' || candidate.text.length > budget.output || budget.views === 0) {
          exhausted = true;
          continue;
        }
        const decoded = normalised(candidate);
        if (seen.has(decoded.text) || decoded.text.length > budget.output) continue;
        budget.output -= decoded.text.length;
        budget.views--;
        seen.add(decoded.text);
        found.push(decoded);
      }
    }
    views.push(...found);
    layer = found;
  }
  return { views, exhausted };
}

/** Lazily, so that a decoder runs only while there is budget left for what it gives. */
function* candidates(view: TextView, hints: number, budget: DecodeBudget): Iterable<TextView | 'exhausted'> {
  // The densest character encodings spend nine characters on one.
  if (view.text.length / 9 > budget.output) yield 'exhausted';
  else yield* decodeCharacters(view, hints);
  yield* decodeRuns(view, hints, budget);
}

const NOTHING: DecodedLayers = { views: [], exhausted: false };

/** Decoded text is as hostile as the field was: the same folding, with its places composed into the field's. */
function normalised(view: TextView): TextView {
  const inner = normaliseText(view.text).view;
  if (inner.text === view.text) return view;
  if (view.within || !inner.map) return { ...view, text: inner.text };
  const outer = view.map;
  return { ...view, text: inner.text, map: outer ? inner.map.map((index) => outer[index] ?? 0) : inner.map };
}
