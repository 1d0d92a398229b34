import { createRateDetector, MAX_DISTINCT } from '../../../src/agent/detect/rate';
import { type Finding } from '../../../src/domain/finding';
import { OCSF_CLASS, type StoredEvent } from '../../../src/domain/event';
import { aLogin, anEvent } from '../../support/events';

function run(events: readonly StoredEvent[], maxKeys?: number): readonly Finding[] {
  const detector = createRateDetector(maxKeys === undefined ? {} : { maxKeys });
  return detector.detect(events, detector.initialState()).findings;
}

const rulesOf = (findings: readonly Finding[]): readonly string[] => findings.map((finding) => finding.rule);
const times = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const BRUTE_FORCE = 'rate.authentication.brute-force';

describe('password guessing', () => {
  it('is reported at the fifth failure of a source within five minutes', () => {
    const findings = run(times(5).map((i) => aLogin(i * 10, 'FAILURE')));
    expect(rulesOf(findings)).toEqual([BRUTE_FORCE]);
    expect(findings[0]).toMatchObject({
      entity: { type: 'IP_ADDRESS', value: '192.0.2.1' },
      attack: ['T1110.001'],
      evidence: [{ path: 'time', features: { count: 5, threshold: 5, windowSeconds: 300 } }],
    });
  });

  it('is not a person who mistypes four times', () => {
    expect(run(times(4).map((i) => aLogin(i, 'FAILURE')))).toEqual([]);
  });

  it('is not five failures over half an hour', () => {
    expect(run(times(5).map((i) => aLogin(i * 400, 'FAILURE')))).toEqual([]);
  });

  it('is reported anew only at each doubling', () => {
    const findings = run(times(1_000).map((i) => aLogin(i * 0.1, 'FAILURE')));
    expect(findings.map((finding) => finding.evidence[0]?.features?.count)).toEqual([5, 10, 20, 40, 80, 160, 320, 640]);
  });

  it('is reported again after a quiet window', () => {
    const burst = (start: number): readonly StoredEvent[] => times(6).map((i) => aLogin(start + i, 'FAILURE'));
    expect(rulesOf(run([...burst(0), ...burst(1_000)]))).toEqual([BRUTE_FORCE, BRUTE_FORCE]);
  });

  it('is counted by the time of the events, whatever their order', () => {
    const late = [0, 40, 10, 30, 20].map((second) => aLogin(second, 'FAILURE'));
    expect(rulesOf(run(late))).toEqual([BRUTE_FORCE]);
  });

  it('ignores events later than the window', () => {
    expect(run([aLogin(10_000, 'FAILURE'), ...times(10).map((i) => aLogin(i, 'FAILURE'))])).toEqual([]);
  });
});

it('reports many accounts tried from one source', () => {
  const findings = run(times(6).map((i) => aLogin(i * 100, 'FAILURE', { userName: `user${i}` })));
  expect(rulesOf(findings)).toEqual(['rate.authentication.many-users']);
});

it('reports one account tried from many sources', () => {
  const findings = run(times(4).map((i) => aLogin(i, 'FAILURE', { sourceIp: `192.0.2.${i}` })));
  expect(rulesOf(findings)).toEqual(['rate.authentication.distributed-guessing']);
  expect(findings[0]?.entity).toEqual({ type: 'USER_NAME', value: 'alice' });
});

it('reports a login that succeeds behind guessing, once', () => {
  const guessing = times(6).map((i) => aLogin(i, 'FAILURE'));
  const findings = run([...guessing, aLogin(7, 'SUCCESS'), aLogin(8, 'SUCCESS')]);
  expect(rulesOf(findings)).toEqual([BRUTE_FORCE, 'rate.authentication.guessed-password']);
  expect(findings[1]).toMatchObject({ severity: 'CRITICAL', attack: ['T1110', 'T1078'] });
});

it('leaves a login behind two failures alone', () => {
  expect(run([aLogin(0, 'FAILURE'), aLogin(1, 'FAILURE'), aLogin(2, 'SUCCESS')])).toEqual([]);
});

const aRequest = (seconds: number, httpStatus: number, sourceIp = '192.0.2.9'): StoredEvent =>
  anEvent({ time: seconds * 1_000, classUid: OCSF_CLASS.HTTP_ACTIVITY, httpStatus, sourceIp });

it('reports a flood of requests, and not a page with its pictures', () => {
  expect(rulesOf(run(times(200).map((i) => aRequest(i * 0.02, 200))))).toEqual(['rate.request.flood']);
  expect(run(times(60).map((i) => aRequest(i * 0.02, 200)))).toEqual([]);
});

it('reports a scanner by its refused requests, and not a visitor who meets dead links', () => {
  expect(rulesOf(run(times(20).map((i) => aRequest(i, 404))))).toEqual(['rate.request.errors']);
  expect(run(times(100).map((i) => aRequest(i * 0.5, i % 4 === 0 ? 404 : 200)))).toEqual([]);
});

it('reports a backend whose operations fail, and not one that fails now and then', () => {
  const operation = (i: number, statusId: number): StoredEvent =>
    anEvent({ time: i * 1_000, classUid: OCSF_CLASS.API_ACTIVITY, statusId });
  const findings = run(times(5).map((i) => operation(i, 2)));
  expect(rulesOf(findings)).toEqual(['rate.backend.failing']);
  expect(findings[0]?.entity).toEqual({ type: 'STREAM', value: 'test' });
  expect(run(times(100).map((i) => operation(i, i % 10 === 0 ? 2 : 1)))).toEqual([]);
});

it('remembers no more keys than its bound', () => {
  const detector = createRateDetector({ maxKeys: 100 });
  const { state } = detector.detect(
    times(5_000).map((i) => aLogin(i, 'FAILURE', { sourceIp: `source-${i}`, userName: `user-${i}` })),
    detector.initialState(),
  );
  for (const tallies of state.tallies.values()) expect(tallies.size).toBeLessThanOrEqual(100);
  expect(state.guesses.size).toBeLessThanOrEqual(100);
});

it('counts distinct values up to its bound', () => {
  const findings = run(times(2_000).map((i) => aLogin(i * 0.01, 'FAILURE', { userName: `user-${i}` })));
  const counts = findings
    .filter((finding) => finding.rule === 'rate.authentication.many-users')
    .map((finding) => finding.evidence[0]?.features?.count ?? 0);
  expect(counts).toEqual([5, 10, 20, 40, 80, 160]);
  expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_DISTINCT);
});
