import { createHash } from 'node:crypto';
import { type DataSource } from 'typeorm';
import { type Appended, type EventStore, type StoredRecord, type StreamPosition } from '../agent/ports';
import { type SecurityEvent } from '../domain/event';
import { dayOf } from './database';

interface AppendedRow {
  readonly id: number;
  readonly stream_id: number;
  readonly stream_offset: number;
  readonly uid: string;
}

/**
 * One statement for a batch. Order of locks: deduplication keys (sorted), then stream rows (by id); every writer follows
 * it, so writers never deadlock. The row lock on a stream is held until commit: offsets rise in order of commits.
 */
const APPEND = `
  WITH input AS (
    SELECT * FROM json_to_recordset($1) AS r(
      n int, stream_id int, stream text, key text, uid text, time timestamptz, class_uid int, severity_id smallint,
      status_id smallint, message text, source_ip text, user_name text, ocsf jsonb, raw text)
  ), fresh AS (
    INSERT INTO event_keys (stream_id, key, received_on)
    SELECT stream_id, decode(key, 'hex'), $3::date FROM input ORDER BY stream_id, key
    ON CONFLICT DO NOTHING
    RETURNING stream_id, encode(key, 'hex') AS key
  ), counted AS (
    SELECT stream_id, count(*) AS n FROM fresh GROUP BY stream_id
  ), locked AS (
    SELECT id FROM streams WHERE id IN (SELECT stream_id FROM counted) ORDER BY id FOR UPDATE
  ), heads AS (
    UPDATE streams s SET head = s.head + c.n, last_event_at = $2
    FROM counted c JOIN locked l ON l.id = c.stream_id
    WHERE s.id = c.stream_id
    RETURNING s.id, s.head - c.n AS base
  )
  INSERT INTO events (received_on, stream_id, stream, stream_offset, uid, received_at, time, class_uid, severity_id,
    status_id, message, source_ip, user_name, ocsf, raw)
  SELECT $3::date, i.stream_id, i.stream, h.base + row_number() OVER (PARTITION BY i.stream_id ORDER BY i.n), i.uid, $2,
    i.time, i.class_uid, i.severity_id, i.status_id, i.message, i.source_ip, i.user_name, i.ocsf, i.raw
  FROM input i JOIN fresh f USING (stream_id, key) JOIN heads h ON h.id = i.stream_id
  ORDER BY i.n
  RETURNING id, stream_id, stream_offset, uid`;

const RECORD = 'e.stream, e.uid, e.raw, e.id, e.stream_offset, e.received_at';

interface RecordRow {
  readonly stream: string;
  readonly uid: string;
  readonly raw: string;
  readonly id: number;
  readonly stream_offset: number;
  readonly received_at: Date;
}

function toRecord(row: RecordRow): StoredRecord {
  const { stream, raw } = row;
  return {
    stream,
    raw,
    id: row.uid,
    eventId: row.id,
    offset: row.stream_offset,
    receivedAt: row.received_at.getTime(),
  };
}

/** Events in daily partitions, deduplicated by (stream, id), with gapless offsets per stream. */
export class PostgresEventStore implements EventStore {
  /** Ids of streams already registered; streams are never removed. */
  readonly #streamIds = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly now: () => number,
  ) {}

  async append(events: readonly SecurityEvent[]): Promise<readonly Appended[]> {
    if (events.length === 0) return [];
    await this.#register([...new Set(events.map(({ stream }) => stream))]);
    const receivedAt = this.now();
    const first = new Map<string, number>(); // place of the first event with this key; later ones are duplicates
    const rows = events.flatMap((event, n) => {
      const streamId = this.#streamIds.get(event.stream) ?? 0;
      const key = createHash('sha256').update(event.id).digest('hex').slice(0, 32);
      const place = `${streamId} ${event.id}`;
      if (first.has(place)) return [];
      first.set(place, n);
      return [toRow(event, n, streamId, key)];
    });
    const inserted = await this.db.query<AppendedRow[]>(APPEND, [
      JSON.stringify(rows),
      new Date(receivedAt),
      dayOf(receivedAt),
    ]);
    const answers: Appended[] = events.map(() => ({ duplicate: true }));
    for (const row of inserted) {
      const n = first.get(`${row.stream_id} ${row.uid}`);
      const event = n === undefined ? undefined : events[n];
      if (n === undefined || !event) continue;
      answers[n] = { stored: { ...event, eventId: row.id, offset: row.stream_offset, receivedAt } };
    }
    return answers;
  }

  async readAfter(stream: string, offset: number, limit: number): Promise<readonly StoredRecord[]> {
    const rows = await this.db.query<RecordRow[]>(
      `SELECT ${RECORD} FROM events e JOIN streams s ON s.id = e.stream_id
       WHERE s.name = $1 AND e.stream_offset > $2 ORDER BY e.stream_offset LIMIT $3`,
      [stream, offset, limit],
    );
    return rows.map(toRecord);
  }

  async laggingStreams(): Promise<readonly StreamPosition[]> {
    return this.db.query<StreamPosition[]>(
      `SELECT s.name AS stream, s.head, p.detected FROM streams s JOIN stream_positions p ON p.stream_id = s.id
       WHERE p.detected < s.head ORDER BY s.id`,
    );
  }

  async positions(streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.db.query<{ stream: string; detected: number }[]>(
      `SELECT s.name AS stream, p.detected FROM streams s JOIN stream_positions p ON p.stream_id = s.id WHERE s.name = ANY($1)`,
      [streams],
    );
    return new Map(rows.map(({ stream, detected }) => [stream, detected]));
  }

  async recentlyDetected(sinceMs: number, limit: number): Promise<readonly StoredRecord[]> {
    const rows = await this.db.query<RecordRow[]>(
      `SELECT ${RECORD} FROM events e JOIN stream_positions p ON p.stream_id = e.stream_id
       WHERE e.received_on >= $1::date AND e.received_at >= $2 AND e.stream_offset <= p.detected
       ORDER BY e.received_on DESC, e.id DESC LIMIT $3`,
      [dayOf(sinceMs), new Date(sinceMs), limit],
    );
    return rows.reverse().map(toRecord);
  }

  async #register(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#streamIds.has(name)).sort();
    if (missing.length === 0) return;
    const rows = await this.db.query<{ id: number; name: string }[]>(
      `WITH made AS (
         INSERT INTO streams (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING id, name
       ), positioned AS (
         INSERT INTO stream_positions (stream_id) SELECT id FROM made
       )
       SELECT id, name FROM made UNION ALL SELECT id, name FROM streams WHERE name = ANY($1)`,
      [missing],
    );
    for (const { id, name } of rows) this.#streamIds.set(name, id);
    // A racing replica's row can be invisible to both halves of that statement; it is visible to the next.
    if (rows.length < missing.length) await this.#register(missing);
  }
}

function toRow(event: SecurityEvent, n: number, streamId: number, key: string): object {
  return {
    n,
    key,
    stream_id: streamId,
    stream: event.stream,
    uid: event.id,
    time: new Date(event.time),
    class_uid: event.classUid,
    severity_id: event.severityId,
    status_id: event.statusId,
    message: event.message,
    source_ip: event.sourceIp,
    user_name: event.userName,
    ocsf: event.ocsf,
    raw: event.raw,
  };
}
