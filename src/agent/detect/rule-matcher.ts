import { type ContentRule, RULE_BUDGET, WINDOW } from './content-rule';
import { createLiteralScanner } from './literal-scanner';
import { type Span } from './text-view';

export interface RuleMatch {
  readonly rule: ContentRule;
  /** In the text that was matched. */
  readonly span: Span;
}

/** Runs many content rules over a text: one literal scan, then each rule's pattern near its anchors only. */
export interface RuleMatcher {
  /** First match of each rule but those in `skip`; cost linear in the text, with a bound per rule. */
  match(text: string, skip: ReadonlySet<ContentRule>): readonly RuleMatch[];
}

/** Where one rule's pattern is to run, as the scan finds its anchors. */
interface Candidate {
  readonly windows: { start: number; end: number }[];
  spent: number;
  /** The window of the last anchor behind the budget: padding in front cannot push a payload out of sight at the end. */
  tail: { start: number; end: number } | null;
}

/** Compiles the rules. Building takes some milliseconds; matching allocates only for rules with anchors in the text. */
export function createRuleMatcher(rules: readonly ContentRule[]): RuleMatcher {
  const literals = [...new Set(rules.flatMap((rule) => rule.anchors.map((anchor) => anchor.toLowerCase())))];
  const rulesOf = literals.map((literal) =>
    rules.filter((rule) => rule.anchors.some((anchor) => anchor.toLowerCase() === literal)),
  );
  const scanner = createLiteralScanner(literals);

  function candidatesIn(text: string, skip: ReadonlySet<ContentRule>): ReadonlyMap<ContentRule, Candidate> {
    const candidates = new Map<ContentRule, Candidate>();
    scanner.scan(text, (literal, end) => {
      for (const rule of rulesOf[literal] ?? []) {
        const candidate = candidates.get(rule);
        if (candidate) note(candidate, text, end);
        else if (!skip.has(rule) && text.length <= (rule.maxLength ?? Infinity)) {
          candidates.set(rule, firstCandidate(rule, text, end));
        }
      }
    });
    return candidates;
  }

  return {
    match(text, skip) {
      const matches: RuleMatch[] = [];
      for (const [rule, candidate] of candidatesIn(text, skip)) {
        const span = firstMatch(rule.pattern, text, candidate);
        if (span) matches.push({ rule, span });
      }
      return matches;
    },
  };
}

function firstCandidate(rule: ContentRule, text: string, end: number): Candidate {
  // A rule for short texts sees the whole text, so that its ^ and $ mean what they say.
  if (rule.maxLength !== undefined) {
    return { windows: [{ start: 0, end: text.length }], spent: RULE_BUDGET, tail: null };
  }
  const window = windowAt(text, end);
  return { windows: [window], spent: window.end - window.start, tail: null };
}

function windowAt(text: string, end: number): { start: number; end: number } {
  return { start: Math.max(0, end - WINDOW), end: Math.min(text.length, end + WINDOW) };
}

function note(candidate: Candidate, text: string, end: number): void {
  const last = candidate.windows[candidate.windows.length - 1];
  if (!last || end + WINDOW <= last.end || last.end === text.length) return;
  const window = windowAt(text, end);
  if (candidate.spent >= RULE_BUDGET) {
    candidate.tail = window;
  } else if (window.start <= last.end) {
    candidate.spent += window.end - last.end;
    last.end = window.end;
  } else {
    candidate.spent += window.end - window.start;
    candidate.windows.push(window);
  }
}

function firstMatch(pattern: RegExp, text: string, { windows, tail }: Candidate): Span | null {
  for (const window of tail ? [...windows, tail] : windows) {
    const part = window.start === 0 && window.end === text.length ? text : text.slice(window.start, window.end);
    const match = pattern.exec(part);
    if (match && match[0].length > 0) {
      const start = window.start + match.index;
      return { start, end: start + match[0].length };
    }
  }
  return null;
}
