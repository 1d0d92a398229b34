import { type DataSource } from 'typeorm';
import { decodeCursor, decodeNumericCursor, encodeCursor, isDay, KEY } from '../domain/cursor';
import { ArgusError } from '../domain/errors';
import { Event } from '../entities/event.entity';
import { Stream } from '../entities/stream.entity';
import { hydrate } from './hydrate';
import { type Page, type PageArgs, toPage } from './page';

export interface EventFilter {
  readonly stream?: string;
  readonly sourceIp?: string;
  readonly userName?: string;
  readonly uid?: string;
  readonly receivedAfter?: Date;
  readonly receivedBefore?: Date;
}

export interface EventKey {
  readonly day: string;
  readonly key: number;
}

/** Reads events and streams, newest first. */
export class EventReader {
  constructor(private readonly db: DataSource) {}

  /** The events with these keys; the days let Postgres look into their partitions alone. */
  async byKeys(keys: readonly EventKey[]): Promise<readonly Event[]> {
    const rows = await this.db.query<object[]>(
      `SELECT e.* FROM events e
       WHERE e.received_on = ANY($1::date[]) AND e.id = ANY($2::bigint[])`,
      [[...new Set(keys.map(({ day }) => day))], keys.map(({ key }) => key)],
    );
    return hydrate(this.db, Event, rows);
  }

  async page(args: PageArgs, filter: EventFilter): Promise<Page<Event>> {
    const parameters: unknown[] = [args.first + 1];
    const given = (value: unknown): string => `$${parameters.push(value)}`;
    const conditions: string[] = [];
    if (args.after !== null) {
      const { day, key } = parseCursor(args.after);
      const from = given(day);
      conditions.push(`(e.received_on, e.id) < (${from}, ${given(key)}) AND e.received_on <= ${from}`);
    }
    if (filter.stream !== undefined) {
      conditions.push(`e.stream_id = (SELECT id FROM streams WHERE name = ${given(filter.stream)})`);
    }
    if (filter.sourceIp !== undefined) conditions.push(`e.source_ip = ${given(filter.sourceIp)}`);
    if (filter.userName !== undefined) conditions.push(`e.user_name = ${given(filter.userName)}`);
    if (filter.uid !== undefined) conditions.push(`e.uid = ${given(filter.uid)}`);
    if (filter.receivedAfter !== undefined) {
      const from = given(filter.receivedAfter);
      conditions.push(`e.received_at >= ${from} AND e.received_on >= (${from}::timestamptz AT TIME ZONE 'UTC')::date`);
    }
    if (filter.receivedBefore !== undefined) {
      const to = given(filter.receivedBefore);
      conditions.push(`e.received_at < ${to} AND e.received_on <= (${to}::timestamptz AT TIME ZONE 'UTC')::date`);
    }
    const rows = await this.db.query<object[]>(
      `SELECT e.* FROM events e ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY e.received_on DESC, e.id DESC LIMIT $1`,
      parameters,
    );
    return toPage(hydrate(this.db, Event, rows), args, (row) => encodeCursor('events', row.day, row.key));
  }

  async streamsByKeys(keys: readonly number[]): Promise<readonly Stream[]> {
    const rows = await this.db.query<Partial<Stream>[]>(`${STREAM} WHERE s.id = ANY($1::bigint[])`, [keys]);
    return rows.map(toStream);
  }

  async streams(args: PageArgs): Promise<Page<Stream>> {
    const [after = 0] = args.after === null ? [] : decodeNumericCursor('streams', args.after, 1);
    const rows = await this.db.query<Partial<Stream>[]>(`${STREAM} WHERE s.id > $1::bigint ORDER BY s.id LIMIT $2`, [
      after,
      args.first + 1,
    ]);
    return toPage(rows.map(toStream), args, (row) => encodeCursor('streams', row.key));
  }

  /** Number of streams, and of stored events that detection has not finished. */
  async backlog(): Promise<{ readonly streams: number; readonly lag: number }> {
    const [row] = await this.db.query<{ streams: number; lag: number }[]>(
      `SELECT count(*) AS streams, coalesce(sum(s.head - p.detected), 0)::bigint AS lag
       FROM streams s JOIN stream_positions p ON p.stream_id = s.id`,
    );
    return row ?? { streams: 0, lag: 0 };
  }
}

function parseCursor(cursor: string): EventKey {
  const [day = '', key = ''] = decodeCursor('events', cursor, 2);
  if (isDay(day) && KEY.NUMBER.test(key)) return { day, key: Number(key) };
  throw new ArgusError('INVALID_CURSOR', 'This is not a cursor of events: use one that this list gave you.', ['after']);
}

const STREAM = `SELECT s.id AS key, s.name, s.head, p.detected, s.last_event_at AS "lastEventAt"
  FROM streams s JOIN stream_positions p ON p.stream_id = s.id`;

function toStream(row: Partial<Stream>): Stream {
  return Object.assign(new Stream(), row);
}
