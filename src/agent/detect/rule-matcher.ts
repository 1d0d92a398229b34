import { type ContentRule, RULE_BUDGET, WINDOW } from './content-rule';
import { createLiteralScanner, type LiteralScanner } from './literal-scanner';
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
  readonly rule: ContentRule;
  readonly windows: { start: number; end: number }[];
  spent: number;
  /** End of the last anchor behind the budget: padding in front cannot push a payload out of sight at the end. */
  tailEnd: number | null;
}

/** Compiles the rules. Building takes some milliseconds; matching allocates only for rules with anchors in the text. */
export function createRuleMatcher(rules: readonly ContentRule[]): RuleMatcher {
  const limits = [...new Set(rules.map((rule) => rule.maxLength ?? Infinity))].sort((a, b) => a - b);
  const longestLimit = limits.findLast((limit) => limit < Infinity) ?? 0;
  const forAll = compile(rules);
  // Long texts are spared the anchors of rules that do not read them: those are the short, frequent ones.
  const forLong = compile(rules.filter((rule) => rule.maxLength === undefined));

  return {
    match(text, skip) {
      const matches: RuleMatch[] = [];
      for (const candidate of candidatesIn(text, text.length > longestLimit ? forLong : forAll, skip)) {
        const span = firstMatch(candidate.rule.pattern, text, candidate);
        if (span) matches.push({ rule: candidate.rule, span });
      }
      return matches;
    },
  };
}

interface Compiled {
  readonly scanner: LiteralScanner;
  readonly rules: readonly ContentRule[];
  /** Indices of the rules that each literal anchors. */
  readonly rulesOf: readonly (readonly number[])[];
}

function compile(rules: readonly ContentRule[]): Compiled {
  const ruleIndices = new Map<string, Set<number>>();
  rules.forEach((rule, index) => {
    for (const anchor of rule.anchors) {
      const literal = anchor.toLowerCase();
      ruleIndices.set(literal, (ruleIndices.get(literal) ?? new Set()).add(index));
    }
  });
  return {
    scanner: createLiteralScanner([...ruleIndices.keys()]),
    rules,
    rulesOf: [...ruleIndices.values()].map((indices) => [...indices]),
  };
}

/** Candidates in the order in which their first anchors end, so that results do not depend on the order of rules. */
function candidatesIn(
  text: string,
  { scanner, rules, rulesOf }: Compiled,
  skip: ReadonlySet<ContentRule>,
): readonly Candidate[] {
  const candidates: (Candidate | undefined)[] = [];
  const inOrder: Candidate[] = [];
  scanner.scan(text, (literal, end) => {
    for (const index of rulesOf[literal] ?? []) {
      const candidate = candidates[index];
      const rule = rules[index];
      if (candidate) note(candidate, text, end);
      else if (rule && !skip.has(rule) && text.length <= (rule.maxLength ?? Infinity)) {
        inOrder.push((candidates[index] = firstCandidate(rule, text, end)));
      }
    }
  });
  return inOrder;
}

function firstCandidate(rule: ContentRule, text: string, end: number): Candidate {
  // A rule for short texts sees the whole text, so that its ^ and $ mean what they say.
  if (rule.maxLength !== undefined) {
    return { rule, windows: [{ start: 0, end: text.length }], spent: RULE_BUDGET, tailEnd: null };
  }
  const window = windowAt(text, end);
  return { rule, windows: [window], spent: window.end - window.start, tailEnd: null };
}

function windowAt(text: string, end: number): { start: number; end: number } {
  return { start: Math.max(0, end - WINDOW), end: Math.min(text.length, end + WINDOW) };
}

function note(candidate: Candidate, text: string, end: number): void {
  const last = candidate.windows[candidate.windows.length - 1];
  if (!last || end <= last.end - WINDOW || last.end === text.length) return;
  if (candidate.spent >= RULE_BUDGET) {
    candidate.tailEnd = end;
    return;
  }
  const window = windowAt(text, end);
  if (window.start <= last.end) {
    candidate.spent += window.end - last.end;
    last.end = window.end;
  } else {
    candidate.spent += window.end - window.start;
    candidate.windows.push(window);
  }
}

function firstMatch(pattern: RegExp, text: string, { windows, tailEnd }: Candidate): Span | null {
  for (const window of tailEnd === null ? windows : [...windows, windowAt(text, tailEnd)]) {
    const part = window.start === 0 && window.end === text.length ? text : text.slice(window.start, window.end);
    const match = pattern.exec(part);
    if (match && match[0].length > 0) {
      const start = window.start + match.index;
      return { start, end: start + match[0].length };
    }
  }
  return null;
}
