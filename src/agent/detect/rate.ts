import { type Observable, type StoredEvent } from '../../domain/event';
import { type Finding } from '../../domain/finding';
import { type Severity } from '../../domain/severity';
import { type Detector } from './detector';
import { entityOf } from './entity';
import { RecentMap } from './recent-map';
import { GUESSED_PASSWORD, loginResult, RATE_RULES, type RateRule } from './rate-rules';
import { Alarm, SlidingCounter, SlidingSet } from './sliding-window';

/** Keys (sources, accounts) that one rule remembers at a time; the longest unseen is forgotten first. */
export const MAX_KEYS = 4_096;
/** Different values that one key remembers: counts of distinct values stop here. */
export const MAX_DISTINCT = 256;

/** What is known of one key of one rule. */
interface Tally {
  readonly counter: SlidingCounter;
  readonly distinct: SlidingSet | null;
  readonly all: SlidingCounter | null;
  readonly alarm: Alarm;
}

/** Explicit state of one stream. Memory: at most `MAX_KEYS` tallies of 0.3 kB (plus distinct values) for each rule. */
export interface RateState {
  readonly tallies: ReadonlyMap<string, RecentMap<Tally>>;
  /** Failures for each source, reset by the success that they end in. */
  readonly guesses: RecentMap<SlidingCounter>;
}

export interface RateOptions {
  readonly rules?: readonly RateRule[];
  readonly maxKeys?: number;
}

const DETECTOR = { detector: 'rate', detectorVersion: '1.0.0' } as const;

/** Watches how often things happen: guessing of passwords, floods, bursts of errors, a failing backend. */
export function createRateDetector({ rules = RATE_RULES, maxKeys = MAX_KEYS }: RateOptions = {}): Detector<RateState> {
  return {
    id: DETECTOR.detector,
    version: DETECTOR.detectorVersion,
    initialState: () => ({
      tallies: new Map(rules.map((rule) => [rule.id, new RecentMap<Tally>(maxKeys)])),
      guesses: new RecentMap<SlidingCounter>(maxKeys),
    }),
    detect(events, state) {
      const findings: Finding[] = [];
      for (const event of events) {
        for (const rule of rules) {
          const finding = observe(rule, event, state);
          if (finding) findings.push(finding);
        }
        const guessed = observeLogin(event, state);
        if (guessed) findings.push(guessed);
      }
      return { findings, state };
    },
  };
}

function observe(rule: RateRule, event: StoredEvent, state: RateState): Finding | null {
  const counts = rule.counts(event);
  if (!counts && !rule.share?.among(event)) return null;
  const key = rule.key(event);
  if (key === null) return null;
  const tally = state.tallies.get(rule.id)?.getOrCreate(key, () => newTally(rule));
  tally?.all?.add(event.time);
  // An event too late to be in the window tells nothing about now.
  if (!counts || !tally?.counter.add(event.time)) return null;
  const measured = measure(rule, event, tally);
  if (rule.share && measured.share < rule.share.atLeast) return null;
  return tally.alarm.rings(measured.count, event.time) ? crossing(rule, event, key, measured) : null;
}

function measure(rule: RateRule, event: StoredEvent, { counter, distinct, all }: Tally): Measured {
  const value = rule.distinct?.(event) ?? null;
  if (value !== null) distinct?.add(value, event.time);
  return {
    count: distinct ? distinct.size : counter.total,
    share: all ? counter.total / Math.max(1, all.total) : 1,
    events: counter.total,
  };
}

function newTally(rule: RateRule): Tally {
  const windowMs = rule.windowSeconds * 1_000;
  return {
    counter: new SlidingCounter(windowMs),
    distinct: rule.distinct ? new SlidingSet(windowMs, MAX_DISTINCT) : null,
    all: rule.share ? new SlidingCounter(windowMs) : null,
    alarm: new Alarm(rule.threshold, windowMs),
  };
}

interface Measured {
  readonly count: number;
  readonly share: number;
  readonly events: number;
}

function crossing(rule: RateRule, event: StoredEvent, key: string, { count, share, events }: Measured): Finding {
  return finding(event, rule, {
    entity: { type: rule.entity, value: key },
    // Each doubling halves the doubt that is left.
    score: 1 - (1 - rule.score) / Math.max(1, Math.log2(count / rule.threshold) + 1),
    explanation: `${count} ${rule.counted} within ${rule.windowSeconds} seconds for ${key}; ${rule.why}.`,
    excerpt: `${count} ${rule.counted}`,
    features: {
      count,
      threshold: rule.threshold,
      windowSeconds: rule.windowSeconds,
      ...(rule.distinct && { events }),
      ...(rule.share && { share: Math.round(share * 1_000) / 1_000 }),
    },
  });
}

/** A success from a source that has just failed often: the guessing may have ended because it worked. */
function observeLogin(event: StoredEvent, state: RateState): Finding | null {
  const result = loginResult(event);
  if (result === null || event.sourceIp === null) return null;
  const { windowSeconds, threshold } = GUESSED_PASSWORD;
  if (result === 'FAILURE') {
    const failures = state.guesses.getOrCreate(event.sourceIp, () => new SlidingCounter(windowSeconds * 1_000));
    failures.add(event.time);
    return null;
  }
  const failures = state.guesses.get(event.sourceIp);
  failures?.advanceTo(event.time);
  const count = failures?.total ?? 0;
  if (count < threshold) return null;
  state.guesses.delete(event.sourceIp);
  return finding(event, GUESSED_PASSWORD, {
    entity: entityOf(event),
    score: GUESSED_PASSWORD.score,
    explanation: `${event.userName ?? 'An account'} logged in from ${event.sourceIp} after ${count} failures within ${windowSeconds} seconds; the password may have been guessed.`,
    excerpt: `success after ${count} failures`,
    features: { failures: count, threshold, windowSeconds },
  });
}

interface Details {
  readonly entity: Observable;
  readonly score: number;
  readonly explanation: string;
  readonly excerpt: string;
  readonly features: Readonly<Record<string, number>>;
}

function finding(
  event: StoredEvent,
  rule: {
    readonly id: string;
    readonly title: string;
    readonly severity: Severity;
    readonly attack: readonly string[];
  },
  { entity, score, explanation, excerpt, features }: Details,
): Finding {
  return {
    event,
    ...DETECTOR,
    rule: rule.id,
    title: rule.title,
    severity: rule.severity,
    score,
    explanation,
    entity,
    evidence: [{ path: 'time', excerpt: excerpt.slice(0, 200), features }],
    attack: rule.attack,
    owaspLlm: [],
  };
}
