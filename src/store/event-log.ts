import { type DataSource } from 'typeorm';
import { decodeNumericCursor, encodeCursor } from '../domain/cursor';
import { ArgusError } from '../domain/errors';
import { ADVISORY_LOCK, type Sql, toJsonText } from './database';

/** A line to write: `payload` holds what subscribers need, so that a feed need not ask the database again. */
export interface LogLine {
  readonly topic: 'incident' | 'response' | 'agent';
  readonly kind: string;
  readonly payload: object;
}

/** A line read back. */
export interface LogEntry {
  readonly id: number;
  readonly topic: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly at: Date;
}

/**
 * Appends to the event log. Must be the last statement of its transaction: the lock it takes is held until commit, so
 * ids are given in the order of commits and a reader that remembers the highest id misses nothing. Taking it last, after
 * every row lock, is also what keeps it free of deadlocks.
 */
export async function appendLog(sql: Sql, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await sql.query(
    `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
     INSERT INTO event_log (topic, kind, payload)
     SELECT l.topic, l.kind, l.payload FROM locked, json_to_recordset($2) AS l(topic text, kind text, payload jsonb)`,
    [ADVISORY_LOCK.EVENT_LOG, toJsonText(lines)],
  );
}

/** Reads the event log in commit order. */
export class EventLog {
  constructor(private readonly db: DataSource) {}

  /** Lines behind `id`, oldest first. */
  async readAfter(id: number, limit: number): Promise<readonly LogEntry[]> {
    return this.db.query<LogEntry[]>(
      'SELECT id, topic, kind, payload, at FROM event_log WHERE id > $1 ORDER BY id LIMIT $2',
      [id, limit],
    );
  }

  /** Id of the newest line; 0 when there is none. */
  async head(): Promise<number> {
    const [row] = await this.db.query<{ head: number }[]>('SELECT coalesce(max(id), 0) AS head FROM event_log');
    return row?.head ?? 0;
  }

  /**
   * The id behind which a feed with this cursor goes on.
   * @throws ArgusError INVALID_CURSOR when it is not a cursor of a feed or lies in the future.
   */
  async resumeFrom(cursor: string): Promise<number> {
    const [id = 0] = decodeNumericCursor('log', cursor, 1);
    if (id < 0 || id > (await this.head())) {
      throw new ArgusError('INVALID_CURSOR', 'This cursor lies ahead of the feed: it is of another Argus.', ['after']);
    }
    return id;
  }
}

/** The cursor of a line, as feeds hand it out. */
export function logCursor(id: number): string {
  return encodeCursor('log', id);
}
