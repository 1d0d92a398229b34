import { type IncidentChangeKind, type IncidentFacts, type TimelineKind } from '../domain/incident';
import { type JsonObject } from '../domain/json';
import { type Incident } from '../entities/incident.entity';
import { type Sql, toJsonText, updated } from './database';
import { type LogLine } from './event-log';

/** A row of `incidents` as SQL gives it. */
export interface IncidentRow {
  readonly id: string;
  readonly number: number;
  readonly fingerprint: string;
  readonly title: string;
  readonly severity: Incident['severity'];
  readonly severity_rank: number;
  readonly status: Incident['status'];
  readonly disposition: Incident['disposition'];
  readonly rule: string;
  readonly stream: string;
  readonly entity_type: Incident['entityType'];
  readonly entity_value: string;
  readonly assignee: string | null;
  readonly tags: string[];
  readonly finding_count: number;
  readonly first_seen_at: Date | string;
  readonly last_seen_at: Date | string;
  readonly opened_at: Date | string;
  readonly updated_at: Date | string;
  readonly ended_at: Date | string | null;
  readonly version: number;
}

export const INCIDENT_COLUMNS = `id, number, fingerprint, title, severity, severity_rank, status, disposition, rule, stream,
  entity_type, entity_value, assignee, tags, finding_count, first_seen_at, last_seen_at, opened_at, updated_at, ended_at, version`;

/** The facts that correlation and playbooks decide on. */
export function factsOf(row: IncidentRow): IncidentFacts {
  const { id, fingerprint, title, severity, status, rule, stream } = row;
  return {
    id,
    fingerprint,
    title,
    severity,
    status,
    rule,
    stream,
    entity: { type: row.entity_type, value: row.entity_value },
  };
}

/** The event_log line of a change: the whole row, so that feeds filter and show it without asking the database. */
export function changeLine(kind: IncidentChangeKind, row: IncidentRow): LogLine {
  return { topic: 'incident', kind, payload: row };
}

export interface TimelineLine {
  readonly incident: string;
  readonly kind: TimelineKind;
  readonly actor: string;
  readonly summary: string;
  readonly data?: JsonObject;
}

/** Writes timeline entries, in order. */
export async function appendTimeline(sql: Sql, lines: readonly TimelineLine[]): Promise<void> {
  if (lines.length === 0) return;
  await sql.query(
    `INSERT INTO incident_timeline (incident_id, kind, actor, summary, data)
     SELECT incident, kind, actor, summary, coalesce(data, '{}')
     FROM json_to_recordset($1) AS l(incident uuid, kind text, actor text, summary text, data jsonb)`,
    [toJsonText(lines)],
  );
}

/** Marks the incident changed and answers its new row. Takes its row lock: everything that follows is ordered behind it. */
export async function touchIncident(sql: Sql, incident: string): Promise<IncidentRow | null> {
  const rows = await updated<IncidentRow>(
    sql,
    `UPDATE incidents SET version = version + 1, updated_at = clock_timestamp() WHERE id = $1 RETURNING ${INCIDENT_COLUMNS}`,
    [incident],
  );
  return rows[0] ?? null;
}
