import { type Severity } from '../../domain/severity';

/**
 * One pattern of hostile text, as data. Its examples are tests: `matches` must be found, `ignores` must not.
 *
 * A pattern runs only on windows of at most `WINDOW` characters around an anchor, on a bounded number of them, and holds
 * no unbounded quantifier (a test checks it): so its cost is bounded whatever the text.
 */
export interface ContentRule {
  /** `content.<family>.<name>`, stable. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Share of hits that are threats in untrusted text, as far as known; under 0.5 a hint for fusion, no alarm alone. */
  readonly score: number;
  /** MITRE ATT&CK technique ids. */
  readonly attack: readonly string[];
  /** OWASP LLM Top-10 2025 ids. */
  readonly owaspLlm: readonly string[];
  /** Why a hit matters; the second half of the explanation. */
  readonly why: string;
  /** One of these (any case) stands in every match. */
  readonly anchors: readonly string[];
  readonly pattern: RegExp;
  /** The rule reads only texts up to this length: what is a payload in a form field is an example in a manual. */
  readonly maxLength?: number;
  /** The match is itself a secret: evidence shows its beginning only. */
  readonly masked?: boolean;
  readonly matches: readonly string[];
  readonly ignores: readonly string[];
}

/** Characters before and behind an anchor that a pattern sees. */
export const WINDOW = 240;
/** Characters that one rule reads of one field. */
export const RULE_BUDGET = 16_384;
/** Findings at or above this score are alarms by themselves. */
export const ALARM_SCORE = 0.5;
