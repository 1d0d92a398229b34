import { correlate, fingerprintOf } from '../../../src/agent/correlate/correlate';
import { LatencyWindow } from '../../../src/agent/latency';
import { type Finding } from '../../../src/domain/finding';
import { type Severity } from '../../../src/domain/severity';
import { anEvent } from '../../support/events';

function aFinding(rule: string, severity: Severity, value = '192.0.2.1'): Finding {
  return {
    event: anEvent(),
    detector: 'test',
    detectorVersion: '1',
    rule,
    title: `Title of ${rule}`,
    severity,
    score: 1,
    explanation: '',
    entity: { type: 'IP_ADDRESS', value },
    evidence: [],
    attack: [],
    owaspLlm: [],
  };
}

it('makes one group of findings of one family about one entity, and others of any difference', () => {
  const groups = correlate([
    aFinding('content.injection.a', 'LOW'),
    aFinding('content.injection.b', 'HIGH'),
    aFinding('content.secrets.a', 'LOW'),
    aFinding('content.injection.a', 'LOW', '192.0.2.2'),
  ]);
  expect(groups.map(({ findings, severity, title }) => [findings.length, severity, title])).toEqual([
    [2, 'HIGH', 'Title of content.injection.b: 192.0.2.1'],
    [1, 'LOW', 'Title of content.secrets.a: 192.0.2.1'],
    [1, 'LOW', 'Title of content.injection.a: 192.0.2.2'],
  ]);
  expect(correlate([])).toEqual([]);
});

it('tells entities of different types with one value apart', () => {
  const ip = aFinding('a.b.c', 'LOW', 'x');
  const user: Finding = { ...ip, entity: { type: 'USER_NAME', value: 'x' } };
  expect(fingerprintOf(ip)).not.toBe(fingerprintOf(user));
});

it('answers quantiles over the latest measurements only', () => {
  const window = new LatencyWindow(4);
  expect(window.quantile(0.5)).toBeNull();
  for (const ms of [1_000, 1_000, 4, 1, 3, 2]) window.add(ms);
  expect([0, 0.5, 0.99, 1].map((q) => window.quantile(q))).toEqual([1, 3, 4, 4]);
});
