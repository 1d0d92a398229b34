import { correlate } from '../../../src/agent/correlate/correlate';
import { type Finding } from '../../../src/domain/finding';
import { anEvent } from '../../support/events';

function aFinding(overrides: Partial<Finding>): Finding {
  return {
    event: anEvent({}),
    detector: 'content',
    detectorVersion: '1',
    rule: 'content.prompt-injection.override',
    title: 'Prompt injection',
    severity: 'HIGH',
    score: 0.9,
    explanation: 'seen',
    entity: { type: 'IP_ADDRESS', value: '203.0.113.7' },
    evidence: [],
    attack: [],
    owaspLlm: [],
    ...overrides,
  };
}

describe('correlate', () => {
  it('makes one group of a thousand findings of one cause', () => {
    const findings = Array.from({ length: 1_000 }, (_, n) => aFinding({ event: anEvent({ offset: n + 1 }) }));
    const groups = correlate(findings);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.findings).toHaveLength(1_000);
  });

  it('keeps what one event shows about one entity together, under the gravest and surest', () => {
    const event = anEvent({});
    const groups = correlate([
      aFinding({ event, rule: 'content.extraction.prompt', severity: 'MEDIUM', title: 'Extraction' }),
      aFinding({ event, rule: 'content.sql-injection.union', severity: 'HIGH', score: 0.6, title: 'SQL' }),
      aFinding({ event, rule: 'content.prompt-injection.override', severity: 'HIGH', score: 0.9 }),
    ]);
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({
      fingerprint: 'content.prompt-injection|IP_ADDRESS|203.0.113.7',
      severity: 'HIGH',
    });
    expect(groups[0]?.title).toBe('Prompt injection: 203.0.113.7');
  });

  it('parts entities, detectors and events that lead to other families', () => {
    const groups = correlate([
      aFinding({}),
      aFinding({ entity: { type: 'USER_NAME', value: '203.0.113.7' } }),
      aFinding({ detector: 'rate', rule: 'rate.authentication.brute-force' }),
      aFinding({ event: anEvent({ offset: 2 }), rule: 'content.sql-injection.union' }),
    ]);
    expect(groups.map(({ fingerprint }) => fingerprint)).toEqual([
      'content.prompt-injection|IP_ADDRESS|203.0.113.7',
      'content.prompt-injection|USER_NAME|203.0.113.7',
      'rate.authentication|IP_ADDRESS|203.0.113.7',
      'content.sql-injection|IP_ADDRESS|203.0.113.7',
    ]);
  });
});
