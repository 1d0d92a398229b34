import { Quarantine } from '../../../src/datasources/quarantine';

function build() {
  const clock = { time: 0, now: () => clock.time };
  return { clock, quarantine: new Quarantine(clock) };
}

describe('Quarantine', () => {
  it('takes in what was risked just before the backend was lost', () => {
    const { clock, quarantine } = build();
    quarantine.risk('old', 'DOCUMENT_UPLOAD');
    clock.time = 6_000;
    quarantine.risk('new', 'DOCUMENT_UPLOAD');
    quarantine.risk('fine', 'DOCUMENT_UPLOAD');
    quarantine.survived('fine');
    clock.time = 6_500;
    quarantine.backendLost();
    expect(quarantine.list()).toEqual([
      { contentHash: 'new', tool: 'DOCUMENT_UPLOAD', reason: 'BACKEND_LOST', since: 6_500 },
    ]);
  });

  it('blames nobody for a later loss', () => {
    const { quarantine } = build();
    quarantine.risk('a', 'DOCUMENT_UPLOAD');
    quarantine.backendLost();
    quarantine.release('a');
    quarantine.backendLost();
    expect(quarantine.has('a')).toBe(false);
  });

  it('keeps the first reason, and lets a human release', () => {
    const { quarantine } = build();
    quarantine.add('a', 'SANITIZE_JSON', 'ASYNC_TRIGGER');
    quarantine.add('a', 'SANITIZE_JSON', 'BACKEND_LOST');
    expect(quarantine.list()).toHaveLength(1);
    expect(quarantine.list()[0]?.reason).toBe('ASYNC_TRIGGER');
    expect(quarantine.release('a')).toBe(true);
    expect(quarantine.release('a')).toBe(false);
  });
});
