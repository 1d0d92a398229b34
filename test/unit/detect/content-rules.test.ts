import { createContentDetector } from '../../../src/agent/detect/content';
import { CONTENT_RULES } from '../../../src/agent/detect/content-rules/rules';
import { aTextEvent } from '../../support/events';

describe.each(CONTENT_RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  const detector = createContentDetector({ rules: [rule], minimumScore: 0 });
  const isFoundIn = (text: string): boolean =>
    detector.detect([aTextEvent(text)], null).findings.some((finding) => finding.rule === rule.id);

  it.each(rule.matches)('finds %j', (text) => expect(isFoundIn(text)).toBe(true));

  it.each(rule.ignores)('leaves %j alone', (text) => expect(isFoundIn(text)).toBe(false));

  it('has examples of both kinds', () => {
    expect(rule.matches.length).toBeGreaterThan(0);
    expect(rule.ignores.length).toBeGreaterThan(0);
  });

  it('holds no unbounded quantifier outside a lookaround', () => {
    const outsideClasses = rule.pattern.source.replace(/\[(?:\\.|[^\]\\])*\]/g, 'x').replace(/\\./g, 'x');
    expect(outsideClasses).not.toMatch(/[*+]|\{\d+,\}/);
  });
});
