import { createContentDetector } from '../../../src/agent/detect/content';
import { type ContentRule } from '../../../src/agent/detect/content-rule';
import { CONTENT_RULES } from '../../../src/agent/detect/content-rules/rules';
import { aTextEvent } from '../../support/events';

const rulesFoundIn = (rule: ContentRule, text: string): readonly string[] => {
  const detector = createContentDetector({ rules: [rule], minimumScore: 0 });
  return detector
    .detect([aTextEvent(text)], null)
    .findings.map((finding) => finding.rule)
    .filter((id) => id === rule.id);
};

describe.each(CONTENT_RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  it.each(rule.matches)('finds %j', (text) => expect(rulesFoundIn(rule, text)).toEqual([rule.id]));

  it.each(rule.ignores)('leaves %j alone', (text) => expect(rulesFoundIn(rule, text)).toEqual([]));

  it('has examples of both kinds', () => {
    expect(rule.matches.length).toBeGreaterThan(0);
    expect(rule.ignores.length).toBeGreaterThan(0);
  });

  it('holds no unbounded quantifier outside a lookaround', () => {
    const outsideClasses = rule.pattern.source.replace(/\[(?:\\.|[^\]\\])*\]/g, 'x').replace(/\\./g, 'x');
    expect(outsideClasses).not.toMatch(/[*+]|\{\d+,\}/);
  });
});
