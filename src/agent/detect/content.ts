import { type StoredEvent, type TextField } from '../../domain/event';
import { type Evidence, type Finding } from '../../domain/finding';
import { ALARM_SCORE, type ContentRule } from './content-rule';
import { CONTENT_RULES } from './content-rules/rules';
import { decodeLayers } from './decode-layers';
import { type Detector } from './detector';
import { entityOf } from './entity';
import { HIDDEN_RULES, hiddenScore } from './hidden-rules';
import { type HiddenContent, normaliseText } from './normalise-text';
import { createRuleMatcher, type RuleMatcher } from './rule-matcher';
import { byteSpan, excerptOf, sourceSpan, type Span, type TextView, wholeCharacters } from './text-view';

/** What a rule of any sort must say for a finding to be made of its hit. */
type Claim = Pick<ContentRule, 'id' | 'title' | 'severity' | 'score' | 'attack' | 'owaspLlm' | 'why'>;

interface Hit {
  readonly claim: Claim;
  readonly evidence: Evidence;
}

export interface ContentOptions {
  readonly rules?: readonly ContentRule[];
  /** Hits below this score are not reported. */
  readonly minimumScore?: number;
}

/** Reads the untrusted texts of each event for hostile content, in plain sight, disguised or encoded. Keeps no state. */
export function createContentDetector({
  rules = CONTENT_RULES,
  minimumScore = ALARM_SCORE,
}: ContentOptions = {}): Detector<null> {
  const detector = { id: 'content', version: '1.0.0' };
  const matcher = createRuleMatcher(rules.filter((rule) => rule.score >= minimumScore));
  return {
    ...detector,
    initialState: () => null,
    detect(events, state) {
      const findings: Finding[] = [];
      for (const event of events) {
        const hits = event.texts.flatMap((field) => hitsIn(field, matcher));
        const reported = hits.filter(({ claim }) => claim.score >= minimumScore);
        for (const ofRule of byRule(reported)) findings.push(findingOf(event, ofRule, detector));
      }
      return { findings, state };
    },
  };
}

function byRule(hits: readonly Hit[]): Iterable<readonly Hit[]> {
  const groups = new Map<string, Hit[]>();
  for (const hit of hits) {
    const group = groups.get(hit.claim.id);
    if (group) group.push(hit);
    else groups.set(hit.claim.id, [hit]);
  }
  return groups.values();
}

/** Fields of one event that a finding shows as evidence. */
const EVIDENCE_LIMIT = 8;

function findingOf(event: StoredEvent, hits: readonly Hit[], detector: { id: string; version: string }): Finding {
  const best = hits.reduce((a, b) => (b.claim.score > a.claim.score ? b : a));
  const { claim, evidence } = best;
  const decoded = evidence.decodedBy ? ` (decoded from ${evidence.decodedBy.join(', ')})` : '';
  return {
    event,
    detector: detector.id,
    detectorVersion: detector.version,
    rule: claim.id,
    title: claim.title,
    severity: claim.severity,
    score: claim.score,
    explanation: `${claim.title}: “${evidence.excerpt.slice(0, 80)}” in ${evidence.path}${decoded}; ${claim.why}.`,
    entity: entityOf(event),
    evidence: hits.slice(0, EVIDENCE_LIMIT).map((hit) => hit.evidence),
    attack: claim.attack,
    owaspLlm: claim.owaspLlm,
  };
}

/** At most one hit of each rule in the field, the outermost first. */
function hitsIn(field: TextField, matcher: RuleMatcher): readonly Hit[] {
  const { view, hidden } = normaliseText(field.text);
  const { views, exhausted } = decodeLayers(view);
  const hits = hidden.map((content) => hiddenHit(field, content));
  if (exhausted) hits.push({ claim: EXHAUSTED, evidence: { path: field.path, excerpt: excerptOf(field.text) } });
  const found = new Set<ContentRule>();
  for (const layer of [view, ...views]) {
    for (const { rule, span } of matcher.match(layer.text, found)) {
      found.add(rule);
      hits.push({ claim: rule, evidence: evidenceOf(field, layer, span, rule.masked ?? false) });
    }
  }
  return hits;
}

const EXHAUSTED: Claim = {
  id: 'content.encoding.bomb',
  title: 'Encoded content too large to open',
  severity: 'MEDIUM',
  score: 0.6,
  attack: ['T1027', 'T1499'],
  owaspLlm: ['LLM10'],
  why: 'it expands beyond 1 MiB or hides behind many encodings, to exhaust whoever opens it or to hide a payload',
};

const MASK_KEEPS = 4;

function evidenceOf(field: TextField, view: TextView, span: Span, masked: boolean): Evidence {
  const source = wholeCharacters(field.text, sourceSpan(view, span.start, span.end));
  const decoded = view.decodedBy.length > 0;
  const shown = decoded ? view.text.slice(span.start, span.end) : field.text.slice(source.start, source.end);
  return {
    path: field.path,
    ...byteSpan(field.text, source),
    excerpt: masked ? `${excerptOf(shown.slice(0, MASK_KEEPS))}…` : excerptOf(shown),
    ...(decoded && { decodedBy: view.decodedBy }),
  };
}

function hiddenHit(field: TextField, content: HiddenContent): Hit {
  const { id, title, severity, why } = HIDDEN_RULES[content.kind];
  const span = wholeCharacters(field.text, content.span);
  const spelt = content.recovered.trim();
  return {
    claim: {
      id,
      title,
      severity,
      score: hiddenScore(content),
      attack: ['T1027'],
      owaspLlm: ['LLM01'],
      why: spelt ? `it spells “${excerptOf(spelt).slice(0, 120)}”; ${why}` : why,
    },
    evidence: {
      path: field.path,
      ...byteSpan(field.text, span),
      excerpt: excerptOf(field.text.slice(span.start, span.end)),
      features: { count: content.count },
    },
  };
}
