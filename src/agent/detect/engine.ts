import { type StoredEvent } from '../../domain/event';
import { type Finding } from '../../domain/finding';
import { type Detector } from './detector';
import { RecentMap } from './recent-map';

/** A detector with the type of its state forgotten, so that detectors of all sorts go in one list. */
export interface AnyDetector {
  readonly id: string;
  readonly version: string;
  /** State for one stream, in a box that only this detector opens. */
  open(): DetectorRun;
}

interface DetectorRun {
  detect(events: readonly StoredEvent[]): readonly Finding[];
}

/** Boxes a detector for `createEngine`. */
export function boxed<State>(detector: Detector<State>): AnyDetector {
  return {
    id: detector.id,
    version: detector.version,
    open() {
      let state = detector.initialState();
      return {
        detect(events) {
          const result = detector.detect(events, state);
          state = result.state;
          return result.findings;
        },
      };
    },
  };
}

/** A detector that threw: a defect of the detector, never of the events. */
export interface DetectorFailure {
  readonly detector: string;
  readonly detectorVersion: string;
  readonly stream: string;
  /** The events it could not judge; the others of the batch were judged. */
  readonly events: readonly StoredEvent[];
  readonly error: unknown;
}

export interface Detection {
  /** In the order of the events; of one event, in the order of the detectors. */
  readonly findings: readonly Finding[];
  readonly failures: readonly DetectorFailure[];
}

/** Runs all detectors over events, with their state kept apart for each stream. */
export interface Engine {
  /** Judges the events; a throwing detector costs only its own findings about the event it threw at. */
  detect(events: readonly StoredEvent[]): Detection;
  /** Lets the detectors see events that were judged before, and drops what they say. */
  warmUp(events: readonly StoredEvent[]): readonly DetectorFailure[];
  /** Other detectors from the next batch on. Those with the id and version of a running one keep its state. */
  swap(detectors: readonly AnyDetector[]): void;
  /** Streams with state in memory. */
  readonly streams: number;
}

/** Streams whose state is kept; the longest unseen starts anew when it comes back. */
export const MAX_STREAMS = 20_000;

/** Builds an engine. Throws when two detectors share an id. */
export function createEngine(detectors: readonly AnyDetector[], maxStreams: number = MAX_STREAMS): Engine {
  let running = unique(detectors);
  const states = new RecentMap<Map<string, DetectorRun>>(maxStreams);

  function run(events: readonly StoredEvent[]): Detection {
    const findings: Finding[] = [];
    const failures = new Map<string, DetectorFailure>();
    for (const event of events) {
      const runs = states.getOrCreate(event.stream, () => new Map<string, DetectorRun>());
      for (const detector of running) {
        try {
          // One by one: a batch that threw half-way would leave a state that has seen half of it.
          findings.push(...runOf(detector, runs).detect([event]));
        } catch (error) {
          noteFailure(failures, detector, event, error);
        }
      }
    }
    return { findings, failures: [...failures.values()] };
  }

  return {
    detect: run,
    warmUp: (events) => run(events).failures,
    swap(next) {
      const checked = unique(next);
      const kept = new Set(checked.map(identity));
      const dropped = running.filter((detector) => !kept.has(identity(detector)));
      for (const runs of states.values()) for (const detector of dropped) runs.delete(detector.id);
      running = checked;
    },
    get streams() {
      return states.size;
    },
  };
}

function identity(detector: AnyDetector): string {
  return `${detector.id}@${detector.version}`;
}

function unique(detectors: readonly AnyDetector[]): readonly AnyDetector[] {
  const ids = new Set(detectors.map((detector) => detector.id));
  if (ids.size < detectors.length) throw new Error('Two detectors have the same id.');
  return [...detectors];
}

function runOf(detector: AnyDetector, runs: Map<string, DetectorRun>): DetectorRun {
  const known = runs.get(detector.id);
  if (known) return known;
  const opened = detector.open();
  runs.set(detector.id, opened);
  return opened;
}

/** One failure for each (detector, stream), with the first error and all events. */
function noteFailure(
  failures: Map<string, DetectorFailure>,
  detector: AnyDetector,
  event: StoredEvent,
  error: unknown,
): void {
  const key = `${detector.id}\n${event.stream}`;
  const known = failures.get(key) ?? {
    detector: detector.id,
    detectorVersion: detector.version,
    stream: event.stream,
    events: [],
    error,
  };
  failures.set(key, { ...known, events: [...known.events, event] });
}
