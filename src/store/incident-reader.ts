import { type DataSource } from 'typeorm';
import { decodeNumericCursor, encodeCursor } from '../domain/cursor';
import { type IncidentFilter } from '../domain/incident-filter';
import { SEVERITIES, severityRank } from '../domain/severity';
import { Incident } from '../entities/incident.entity';
import { TimelineEntry } from '../entities/timeline-entry.entity';
import { hydrate } from './hydrate';
import { type Page, type PageArgs, toPage } from './page';

/** In which order incidents are listed; ties are broken by number, newest first. */
export type IncidentSort = 'NEWEST' | 'OLDEST' | 'SEVERITY';

const SORT = {
  NEWEST: { order: 'number DESC', behind: 'number < $2', parts: (i: Incident) => [i.number] },
  OLDEST: { order: 'number ASC', behind: 'number > $2', parts: (i: Incident) => [i.number] },
  SEVERITY: {
    order: 'severity_rank DESC, number DESC',
    behind: '(severity_rank, number) < ($3::bigint, $2)',
    parts: (i: Incident) => [i.number, i.severityRank],
  },
} as const;

/** Reads incidents and their timelines. */
export class IncidentReader {
  constructor(private readonly db: DataSource) {}

  async byKeys(keys: readonly string[]): Promise<readonly Incident[]> {
    return hydrate(this.db, Incident, await this.db.query('SELECT * FROM incidents WHERE id = ANY($1)', [keys]));
  }

  /** An incident from a row that the event log kept. */
  fromLog(row: object): Incident {
    const [incident] = hydrate(this.db, Incident, [row]);
    return incident as Incident;
  }

  async page(args: PageArgs, filter: IncidentFilter, sort: IncidentSort): Promise<Page<Incident>> {
    const { order, behind, parts } = SORT[sort];
    const kind = `incidents.${sort}`;
    const parameters: unknown[] = [args.first + 1];
    const conditions: string[] = [];
    if (args.after !== null) {
      parameters.push(...decodeNumericCursor(kind, args.after, sort === 'SEVERITY' ? 2 : 1));
      conditions.push(behind);
    }
    const given = (value: unknown): string => `$${parameters.push(value)}`;
    conditions.push(...conditionsOf(filter, given));
    const rows = await this.db.query<object[]>(
      `SELECT * FROM incidents ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY ${order} LIMIT $1`,
      parameters,
    );
    return toPage(hydrate(this.db, Incident, rows), args, (row) => encodeCursor(kind, ...parts(row)));
  }

  /** One page of timeline for each of many incidents, in one statement; oldest first. */
  async timelines(keys: readonly string[], args: PageArgs): Promise<readonly Page<TimelineEntry>[]> {
    const [after = 0] = args.after === null ? [] : decodeNumericCursor('timeline', args.after, 1);
    const rows = await this.db.query<object[]>(
      `SELECT t.* FROM unnest($1::uuid[]) AS k(id) CROSS JOIN LATERAL (
         SELECT * FROM incident_timeline WHERE incident_id = k.id AND id > $2 ORDER BY id LIMIT $3) t
       ORDER BY t.id`,
      [keys, after, args.first + 1],
    );
    const byIncident = Map.groupBy(hydrate(this.db, TimelineEntry, rows), ({ incidentKey }) => incidentKey);
    return keys.map((key) => toPage(byIncident.get(key) ?? [], args, (row) => encodeCursor('timeline', row.key)));
  }
}

function conditionsOf(filter: IncidentFilter, given: (value: unknown) => string): string[] {
  const { open, status, minSeverity, rule, stream, entity, assignee } = filter;
  const conditions: string[] = [];
  if (open !== undefined) conditions.push(`status ${open ? 'NOT ' : ''}IN ('RESOLVED', 'CLOSED')`);
  if (status !== undefined) conditions.push(`status = ANY(${given(status)})`);
  if (minSeverity !== undefined && minSeverity !== SEVERITIES[0]) {
    conditions.push(`severity_rank >= ${given(severityRank(minSeverity))}`);
  }
  if (rule !== undefined) conditions.push(`rule = ${given(rule)}`);
  if (stream !== undefined) conditions.push(`stream = ${given(stream)}`);
  if (entity !== undefined) conditions.push(`entity_value = ${given(entity)}`);
  if (assignee !== undefined) conditions.push(`assignee = ${given(assignee)}`);
  return conditions;
}
