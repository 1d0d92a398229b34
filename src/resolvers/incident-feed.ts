import { type IncidentChangeKind } from '../domain/incident';
import { type IncidentFilter, matchesFilter } from '../domain/incident-filter';
import { type EventLog, logCursor, type LogEntry } from '../store/event-log';
import { type IncidentReader } from '../store/incident-reader';
import { LogFeed } from '../store/log-feed';
import { type LogTail } from '../store/log-tail';
import { type IncidentChange } from './incident.types';

/** Feeds of incident changes. The event log keeps each change whole, so a feed asks the database for nothing more. */
export class IncidentFeed {
  /** The change of an entry is made once and shared by all subscribers. */
  readonly #made = new WeakMap<LogEntry, IncidentChange>();

  constructor(
    private readonly tail: LogTail,
    private readonly eventLog: EventLog,
    private readonly incidents: IncidentReader,
  ) {}

  /** @throws ArgusError INVALID_CURSOR when `after` is not a cursor of this feed. */
  async open(filter: IncidentFilter, after: string | null): Promise<AsyncIterable<IncidentChange>> {
    return new LogFeed<IncidentChange>({
      tail: this.tail,
      eventLog: this.eventLog,
      after: after === null ? null : await this.eventLog.resumeFrom(after),
      select: (entry) => this.#select(entry, filter),
      cursorOf: ({ cursor }) => cursor,
    });
  }

  #select(entry: LogEntry, filter: IncidentFilter): IncidentChange | null {
    if (entry.topic !== 'incident') return null;
    let change = this.#made.get(entry);
    if (!change) {
      const { id, kind, at, payload } = entry;
      const incident = this.incidents.fromLog(payload as object);
      change = { cursor: logCursor(id), kind: kind as IncidentChangeKind, incident, at };
      this.#made.set(entry, change);
    }
    return matchesFilter(filter, change.incident) ? change : null;
  }
}
