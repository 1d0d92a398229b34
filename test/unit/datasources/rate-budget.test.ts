import fc from 'fast-check';

import { RateBudget } from '../../../src/datasources/rate-budget';

const WINDOW_MS = 1_000;

function build(capacity = 5, reserve = 2) {
  const clock = { time: 0, now: () => clock.time };
  return { clock, budget: new RateBudget({ capacity, reserve, windowMs: WINDOW_MS, clock }) };
}

describe('RateBudget', () => {
  it('leaves the reserve to responses', () => {
    const { budget } = build();
    for (let i = 0; i < 3; i++) expect(budget.take('BACKGROUND')).toBe(0);
    expect(budget.take('BACKGROUND')).toBe(WINDOW_MS);
    expect(budget.state()).toMatchObject({ left: 2, leftForBackground: 0 });
    expect(budget.take('RESPONSE')).toBe(0);
    expect(budget.take('RESPONSE')).toBe(0);
    expect(budget.take('RESPONSE')).toBe(WINDOW_MS);
  });

  it('says how long to wait for the purpose that asks', () => {
    const { budget, clock } = build();
    for (let i = 0; i < 5; i++) {
      clock.time = i * 100;
      budget.take('RESPONSE');
    }
    clock.time = 500;
    expect(budget.take('RESPONSE')).toBe(500);
    expect(budget.take('BACKGROUND')).toBe(700);
    clock.time = 1_200;
    expect(budget.take('BACKGROUND')).toBe(0);
  });

  it('never lets more than its capacity through in any window', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(400), response: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (calls) => {
        const { budget, clock } = build();
        const taken: number[] = [];
        for (const { waitMs, response } of calls) {
          clock.time += waitMs;
          if (budget.take(response ? 'RESPONSE' : 'BACKGROUND') === 0) taken.push(clock.time);
        }
        return taken.every((time, i) => (taken[i + 5] ?? Number.POSITIVE_INFINITY) - time >= WINDOW_MS);
      }),
    );
  });

  it('learns what others spent behind the same address', () => {
    const { budget, clock } = build();
    budget.take('RESPONSE');
    budget.observe({ limit: 6, remaining: 2, resetAt: 300 });
    expect(budget.state()).toMatchObject({ left: 1, nextTokenAt: 300 });
    clock.time = 300;
    expect(budget.state().left).toBe(4);
    budget.observe({ limit: 6, remaining: 6, resetAt: 900 });
    expect(budget.state().left).toBe(4);
  });

  it('gives nothing before the time the server named, which it believes for one window at most', () => {
    const { budget, clock } = build();
    budget.drain(600);
    expect(budget.take('RESPONSE')).toBe(600);
    budget.drain(1e12);
    expect(budget.take('RESPONSE')).toBe(WINDOW_MS);
    clock.time = WINDOW_MS;
    expect(budget.take('RESPONSE')).toBe(0);
  });
});
