import { type HiddenKind } from './invisible';
import { type HiddenContent } from './normalise-text';
import { type Severity } from '../../domain/severity';

/** How one kind of hidden content is reported. */
export interface HiddenRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly why: string;
  /** Confidence by number of occurrences: rising [at least, score] pairs. */
  readonly scores: readonly (readonly [number, number])[];
}

/** One rule for each kind of content that people do not see. */
export const HIDDEN_RULES: Readonly<Record<HiddenKind, HiddenRule>> = {
  'zero-width': {
    id: 'content.unicode.zero-width',
    title: 'Zero-width characters inside words',
    severity: 'MEDIUM',
    why: 'they break words for filters while people and models read on',
    // One or two come with copying from web pages.
    scores: [[1, 0.2], [3, 0.6], [10, 0.8]],
  },
  bidi: {
    id: 'content.unicode.bidi-control',
    title: 'Text direction overridden',
    severity: 'HIGH',
    why: 'what people see is not what machines read (CVE-2021-42574)',
    scores: [[1, 0.7]],
  },
  tag: {
    id: 'content.unicode.tag-smuggling',
    title: 'Text smuggled in invisible tag characters',
    severity: 'CRITICAL',
    why: 'nobody sees it, language models read it as plain text',
    scores: [[1, 0.6], [4, 0.95]],
  },
  variation: {
    id: 'content.unicode.variation-smuggling',
    title: 'Bytes smuggled in variation selectors',
    severity: 'HIGH',
    why: 'one visible character carries a hidden message',
    scores: [[2, 0.4], [4, 0.85]],
  },
  ansi: {
    id: 'content.unicode.terminal-sequence',
    title: 'Terminal control sequence in text',
    severity: 'MEDIUM',
    why: 'it rewrites what an operator sees in a terminal',
    scores: [[1, 0.5]],
  },
  control: {
    id: 'content.unicode.control-character',
    title: 'Control characters in text',
    severity: 'LOW',
    why: 'they cut or hide parts of the text in some programs',
    scores: [[1, 0.3]],
  },
  'mixed-script': {
    id: 'content.unicode.mixed-script',
    title: 'Words that mix look-alike letters of several scripts',
    severity: 'MEDIUM',
    why: 'they look the same to people and different to filters',
    scores: [[1, 0.35], [2, 0.6], [4, 0.8]],
  },
}; // prettier-ignore

/** Confidence that hidden content of this kind and amount is hostile. */
export function hiddenScore({ kind, count }: HiddenContent): number {
  return HIDDEN_RULES[kind].scores.reduce((score, [atLeast, value]) => (count >= atLeast ? value : score), 0);
}
