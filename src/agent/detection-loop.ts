import { ArgusError, messageOf } from '../domain/errors';
import { type StoredEvent } from '../domain/event';
import { type Finding } from '../domain/finding';
import { correlate } from './correlate/correlate';
import { type Engine } from './detect/engine';
import { type Clock, type DetectionCommit, type DetectionStore, type EventStore, type StoredRecord } from './ports';
import { type Log } from '../domain/log';

const BATCH = 2_000;
/** Events kept in memory for detection; what goes beyond is read back from the store when its turn comes. */
const MAX_PENDING = 50_000;
const NO_PLAYBOOKS: DetectionCommit['playbooksFor'] = () => [];
/** How often the store is asked for events that nobody has detected, ms. */
const LOOK_EVERY_MS = 10_000;
const RETRY_MS = { first: 100, most: 5_000 };

export interface DetectionLoopOptions {
  readonly engine: Engine;
  readonly events: EventStore;
  readonly detections: DetectionStore;
  /** Asked before each commit that may open incidents: what newly opened ones start by themselves just now. */
  readonly playbooksFor: () => Promise<DetectionCommit['playbooksFor']>;
  /** The event of a record that is read back. */
  readonly normaliseRecord: (record: StoredRecord) => StoredEvent;
  /** Called after each commit that changed incidents. */
  readonly onCommitted: () => void;
  readonly onDetected: (events: readonly StoredEvent[], at: number) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Takes stored events through the detectors and commits what they find, each event once: the position of a stream moves
 * in the same transaction that writes the findings. Memory is only a short cut; what it lacks (after a crash, or when
 * events come faster than they are detected) is read from the store.
 */
export class DetectionLoop {
  #pending: StoredEvent[] = [];
  #behind = false;
  #positions = new Map<string, number>();
  #running: Promise<void> | null = null;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  /** Detected position of each stream that was behind at the last look. */
  #seenBehind: ReadonlyMap<string, number> = new Map();
  /** Ends the wait before the next try. */
  #wakeUp: () => void = () => undefined;

  constructor(private readonly options: DetectionLoopOptions) {}

  /** Warms the detectors with what was detected last, then catches up with what was stored but not detected. */
  async start(warmUpSinceMs: number, warmUpLimit: number): Promise<void> {
    const { engine, events, normaliseRecord } = this.options;
    const recent = await events.recentlyDetected(warmUpSinceMs, warmUpLimit);
    engine.warmUp(recent.map(normaliseRecord));
    this.#behind = true;
    this.#run();
    // What was stored without our hearing of it (an answer that was lost, a process that died) is found by looking.
    this.#timer = setInterval(() => {
      this.#look().catch((error: unknown) => {
        this.options.log.warn({ error: messageOf(error) }, 'undetected events could not be looked for');
      });
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Catches up when a stream stands where it stood at the last look; one that moves is only busy. */
  async #look(): Promise<void> {
    const lagging = await this.options.events.laggingStreams();
    const stuck = lagging.some(({ stream, detected }) => this.#seenBehind.get(stream) === detected);
    this.#seenBehind = new Map(lagging.map(({ stream, detected }) => [stream, detected]));
    if (!stuck) return;
    this.#behind = true;
    this.#run();
  }

  /** Takes events that have become durable; never waits. */
  push(events: readonly StoredEvent[]): void {
    if (this.#pending.length + events.length > MAX_PENDING) this.#behind = true;
    else this.#pending.push(...events);
    this.#run();
  }

  /** Events in memory that wait for detection. */
  get depth(): number {
    return this.#pending.length;
  }

  /** Finishes the batch under way. What waits is in the store, where the next start finds it: stopping takes no longer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#wakeUp();
    await this.#running;
  }

  #run(): void {
    if (this.#stopped) return;
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
      if (this.#pending.length > 0) this.#run(); // came while the last one ended
    });
  }

  async #drain(): Promise<void> {
    while (!this.#stopped && (this.#pending.length > 0 || this.#behind)) {
      if (this.#behind && this.#pending.length === 0) {
        this.#behind = false;
        await this.#retrying(() => this.#catchUp());
      } else await this.#detect(this.#pending.splice(0, BATCH));
    }
  }

  /** Detects what the store holds behind the committed positions. */
  async #catchUp(): Promise<void> {
    for (const { stream, head, detected } of await this.options.events.laggingStreams()) {
      if (this.#stopped) return;
      this.#positions.set(stream, Math.max(detected, this.#positions.get(stream) ?? 0));
      await this.#readBack(stream, head);
    }
  }

  async #readBack(stream: string, upTo: number): Promise<void> {
    while (!this.#stopped) {
      const position = this.#positions.get(stream) ?? 0;
      if (position >= upTo) return;
      const records = await this.options.events.readAfter(stream, position, BATCH);
      if (records.length === 0) return;
      await this.#detect(records.map(this.options.normaliseRecord));
    }
  }

  async #detect(events: readonly StoredEvent[]): Promise<void> {
    const fresh: StoredEvent[] = [];
    const to = new Map<string, number>();
    for (const event of events) {
      const position = to.get(event.stream) ?? this.#positions.get(event.stream) ?? 0;
      if (event.offset <= position) continue; // detected before
      if (event.offset > position + 1) {
        this.#behind = true; // the store knows what lies between
        continue;
      }
      to.set(event.stream, event.offset);
      fresh.push(event);
    }
    if (fresh.length === 0) return;
    const { engine, log } = this.options;
    const { findings, failures } = engine.detect(fresh);
    for (const failure of failures)
      log.error({ detector: failure.detector, error: messageOf(failure.error) }, 'detector failed');
    await this.#retrying(() => this.#commit(findings, to));
    this.options.onDetected(fresh, this.options.clock.now());
  }

  async #commit(findings: readonly Finding[], to: ReadonlyMap<string, number>): Promise<void> {
    const positions = [...to].map(([stream, offset]) => ({
      stream,
      from: this.#positions.get(stream) ?? 0,
      to: offset,
    }));
    try {
      const groups = correlate(findings);
      const playbooksFor = groups.length > 0 ? await this.options.playbooksFor() : NO_PLAYBOOKS;
      await this.options.detections.commit({ groups, positions, playbooksFor });
      for (const [stream, offset] of to) this.#positions.set(stream, offset);
      if (groups.length > 0) this.options.onCommitted();
    } catch (error) {
      if (!(error instanceof ArgusError && error.code === 'CONFLICT')) throw error;
      await this.#yieldTo(findings, to);
    }
  }

  /** Another process was ahead of us on some stream: keeps what it has not detected, stream by stream. */
  async #yieldTo(findings: readonly Finding[], to: ReadonlyMap<string, number>): Promise<void> {
    const known = await this.options.events.positions([...to.keys()]);
    const remaining = new Map<string, number>();
    for (const [stream, offset] of to) {
      const detected = known.get(stream) ?? 0;
      this.#positions.set(stream, detected);
      if (detected < offset) remaining.set(stream, offset);
    }
    if (remaining.size === 0) return;
    const ours = findings.filter(({ event }) => event.offset > (known.get(event.stream) ?? 0));
    await this.#commit(ours, remaining);
  }

  /** Tries until it succeeds, waiting longer each time: events wait in the store, nothing is given up. */
  async #retrying(work: () => Promise<void>): Promise<void> {
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      try {
        await work();
        return;
      } catch (error) {
        this.options.log.error({ error: messageOf(error), retryInMs: waitMs }, 'detection could not be committed');
        if (this.#stopped) return;
        await this.#pause(waitMs);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
