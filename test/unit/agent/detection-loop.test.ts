import { type AnyDetector, createEngine } from '../../../src/agent/detect/engine';
import { DetectionLoop } from '../../../src/agent/detection-loop';
import { type DetectionCommit, type EventStore, type StoredRecord } from '../../../src/agent/ports';
import { ArgusError } from '../../../src/domain/errors';
import { type StoredEvent } from '../../../src/domain/event';
import { anEvent } from '../../support/events';
import { until } from '../../support/until';

/** Events and positions in memory, as the store keeps them; every commit checks its positions. */
class MemoryStore {
  readonly streams = new Map<string, StoredEvent[]>();
  readonly detected = new Map<string, number>();
  readonly judged: string[] = [];
  reads = 0;
  fail: () => Error | null = () => null;

  add(stream: string, count: number): StoredEvent[] {
    const events = this.streams.get(stream) ?? [];
    this.streams.set(stream, events);
    const fresh = Array.from({ length: count }, (_, i) => {
      const offset = events.length + i + 1;
      return anEvent({ stream, offset, id: `${stream}-${offset}`, raw: `${stream}-${offset}` });
    });
    events.push(...fresh);
    return fresh;
  }

  readonly events = {
    readAfter: (stream: string, offset: number, limit: number) => {
      this.reads++;
      return Promise.resolve((this.streams.get(stream) ?? []).slice(offset, offset + limit));
    },
    laggingStreams: () =>
      Promise.resolve(
        [...this.streams].flatMap(([stream, events]) => {
          const detected = this.detected.get(stream) ?? 0;
          return detected < events.length ? [{ stream, head: events.length, detected }] : [];
        }),
      ),
    positions: (names: readonly string[]) =>
      Promise.resolve(new Map(names.map((name) => [name, this.detected.get(name) ?? 0]))),
    recentlyDetected: () => Promise.resolve([]),
  } as unknown as EventStore;

  readonly detections = {
    commit: ({ groups, positions }: DetectionCommit) => {
      const error = this.fail();
      if (error) return Promise.reject(error);
      if (positions.some(({ stream, from }) => (this.detected.get(stream) ?? 0) !== from)) {
        return Promise.reject(new ArgusError('CONFLICT', 'moved'));
      }
      for (const { stream, to } of positions) this.detected.set(stream, to);
      this.judged.push(...groups.flatMap(({ findings }) => findings.map(({ event }) => event.raw)));
      return Promise.resolve({ opened: 0, updated: 0 });
    },
  };

  get all(): string[] {
    return [...this.streams.values()].flat().map(({ raw }) => raw);
  }
}

/** Finds something in every event: what it was shown can be read from the commits. */
const EVERYTHING: AnyDetector = {
  id: 'everything',
  version: '1',
  open: () => ({
    detect: (events) =>
      events.map((event) => ({
        event,
        detector: 'everything',
        detectorVersion: '1',
        rule: 'every.thing',
        title: '',
        severity: 'LOW' as const,
        score: 1,
        explanation: '',
        entity: { type: 'STREAM' as const, value: event.stream },
        evidence: [],
        attack: [],
        owaspLlm: [],
      })),
  }),
};

function aLoop(store: MemoryStore): DetectionLoop {
  const ignore = (): void => undefined;
  return new DetectionLoop({
    engine: createEngine([EVERYTHING]),
    events: store.events,
    detections: store.detections,
    playbooksFor: () => Promise.resolve(() => []),
    normaliseRecord: (record: StoredRecord) => record as StoredEvent,
    onCommitted: ignore,
    onDetected: ignore,
    clock: { now: () => 0 },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
}

const settled = (store: MemoryStore): Promise<boolean> =>
  until(() => store.judged.length >= store.all.length, 'detection', 5_000);

let store: MemoryStore;
beforeEach(() => (store = new MemoryStore()));

it('detects what is pushed, once and in order', async () => {
  const loop = aLoop(store);
  await loop.start(0, 0);
  for (let i = 0; i < 5; i++) loop.push(store.add('a', 700));
  await settled(store);
  expect(store.judged).toEqual(store.all);
  await loop.stop();
});

it('reads back what lies in a gap, and detects nothing twice when it is pushed after all', async () => {
  const loop = aLoop(store);
  await loop.start(0, 0);
  const lost = store.add('a', 10);
  loop.push(store.add('a', 10));
  loop.push(lost);
  await settled(store);
  expect(store.judged).toEqual(store.all);
  await loop.stop();
});

it('keeps at most 50,000 events in memory and reads the rest back from the store', async () => {
  let open = false;
  store.fail = () => (open ? null : new Error('held'));
  const loop = aLoop(store);
  await loop.start(0, 0);
  for (let i = 0; i < 60; i++) {
    loop.push(store.add('a', 1_000));
    expect(loop.depth).toBeLessThanOrEqual(50_000);
  }
  open = true;
  await settled(store);
  expect(store.reads).toBeGreaterThan(0);
  expect(store.judged).toEqual(store.all);
  await loop.stop();
});

it('tries again while the store fails, and loses nothing', async () => {
  let failures = 3;
  store.fail = () => (failures-- > 0 ? new Error('away') : null);
  const loop = aLoop(store);
  await loop.start(0, 0);
  loop.push(store.add('a', 10));
  await settled(store);
  expect(store.judged).toEqual(store.all);
  await loop.stop();
});

it('leaves to another process what that one has detected, and does the rest', async () => {
  const loop = aLoop(store);
  await loop.start(0, 0);
  store.fail = () => {
    store.fail = () => null;
    store.detected.set('a', 6); // the other process was ahead
    return new ArgusError('CONFLICT', 'moved');
  };
  loop.push([...store.add('a', 10), ...store.add('b', 5)]);
  await until(() => store.detected.get('a') === 10 && store.detected.get('b') === 5, 'the rest');
  expect(store.judged).toEqual(store.all.filter((raw) => !/^a-[1-6]$/.test(raw)));
  await loop.stop();
});

it('stops at once while the store fails, and the next one finds what was left', async () => {
  store.fail = () => new Error('away');
  const loop = aLoop(store);
  await loop.start(0, 0);
  loop.push(store.add('a', 5_000));
  await loop.stop();
  loop.push(store.add('a', 10));
  expect(store.judged).toEqual([]);
  store.fail = () => null;
  const next = aLoop(store);
  await next.start(0, 0);
  await settled(store);
  expect(store.judged).toEqual(store.all);
  await next.stop();
});
