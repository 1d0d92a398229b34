import { randomUUID } from 'node:crypto';
import { type DataSource } from 'typeorm';
import { type DetectionCommit, type DetectionStore, type FindingGroup, type PlannedResponse } from '../agent/ports';
import { ArgusError } from '../domain/errors';
import { SEVERITIES } from '../domain/severity';
import { dayOf, type Sql, toJsonText, updated } from './database';
import { appendLog } from './event-log';
import {
  appendTimeline,
  changeLine,
  factsOf,
  INCIDENT_COLUMNS,
  type IncidentRow,
  type TimelineLine,
} from './incident-changes';
import { planResponses } from './response-planning';

/** Postgres side of detection: one transaction a batch. */
export class PostgresDetectionStore implements DetectionStore {
  constructor(private readonly db: DataSource) {}

  async commit(batch: DetectionCommit): Promise<{ opened: number; updated: number }> {
    if (batch.groups.length === 0) {
      await advance(this.db, batch.positions);
      return { opened: 0, updated: 0 };
    }
    return this.db.transaction(async (sql) => {
      await advance(sql, batch.positions);
      await appendTimeline(sql, await reopenRecent(sql, batch.groups));
      const incidents = await upsertIncidents(sql, batch.groups);
      await insertFindings(sql, batch.groups, incidents);
      const planned = incidents
        .filter(({ opened }) => opened)
        .flatMap((row) => batch.playbooksFor(factsOf(row)).map((response) => ({ row, response })));
      await writeTimeline(sql, batch.groups, incidents, planned);
      await planResponses(
        sql,
        planned.map(({ row, response }) => ({
          incident: row.id,
          response,
          trigger: 'AUTOMATIC',
          requestedBy: 'agent',
        })),
      );
      await appendLog(
        sql,
        incidents.map((row) => changeLine(row.opened ? 'OPENED' : 'UPDATED', row)),
      );
      const opened = incidents.filter((row) => row.opened).length;
      return { opened, updated: incidents.length - opened };
    });
  }
}

interface UpsertedRow extends IncidentRow {
  readonly opened: boolean;
}

/** Moves the positions; throws CONFLICT when another process has detected these events already. */
async function advance(sql: Sql, positions: DetectionCommit['positions']): Promise<void> {
  const moved = await updated(
    sql,
    `UPDATE stream_positions p SET detected = v."to"
     FROM json_to_recordset($1) AS v(stream text, "from" bigint, "to" bigint) JOIN streams s ON s.name = v.stream
     WHERE p.stream_id = s.id AND p.detected = v."from"
     RETURNING p.stream_id`,
    [toJsonText(positions)],
  );
  if (moved.length !== positions.length) {
    throw new ArgusError('CONFLICT', 'These events have been detected by another process.');
  }
}

/** How long a resolved incident takes further findings of its fingerprint and is reopened by them, ms. */
const REOPEN_WINDOW_MS = 3_600_000;

/** Reopens what was resolved a short while ago, where no newer incident of the fingerprint is open. */
async function reopenRecent(sql: Sql, groups: readonly FindingGroup[]): Promise<readonly TimelineLine[]> {
  const reopened = await updated<{ id: string }>(
    sql,
    `UPDATE incidents i SET status = 'NEW', ended_at = NULL, disposition = NULL
     WHERE i.id IN (
       SELECT DISTINCT ON (fingerprint) id FROM incidents
       WHERE fingerprint = ANY($1) AND status = 'RESOLVED' AND ended_at > now() - $2 * interval '1 ms'
       ORDER BY fingerprint, ended_at DESC)
     AND NOT EXISTS (
       SELECT 1 FROM incidents o WHERE o.fingerprint = i.fingerprint AND o.status NOT IN ('RESOLVED', 'CLOSED'))
     RETURNING i.id`,
    [groups.map(({ fingerprint }) => fingerprint), REOPEN_WINDOW_MS],
  );
  const summary = 'Reopened: further findings soon after it was resolved.';
  return reopened.map(({ id }) => ({ incident: id, kind: 'STATUS', actor: 'agent', summary, data: { to: 'NEW' } }));
}

const INSERTED = `id, fingerprint, title, severity, rule, stream, entity_type, entity_value, finding_count, first_seen_at,
  last_seen_at`;

/** How findings of a batch join the open incident of their fingerprint. */
function absorb(from: string, severities: string): string {
  const graver = `array_position(${severities}::text[], ${from}.severity) > i.severity_rank`;
  return `finding_count = i.finding_count + ${from}.finding_count,
    first_seen_at = least(i.first_seen_at, ${from}.first_seen_at),
    last_seen_at = greatest(i.last_seen_at, ${from}.last_seen_at),
    severity = CASE WHEN ${graver} THEN ${from}.severity ELSE i.severity END,
    title = CASE WHEN ${graver} THEN ${from}.title ELSE i.title END,
    updated_at = clock_timestamp(), version = i.version + 1`;
}

/**
 * Findings join the open incident of their fingerprint, or open one. Incidents that are open already are updated rather
 * than met as a conflict, which would use up a number each time; the conflict clause is for those opened meanwhile.
 */
async function upsertIncidents(sql: Sql, groups: readonly FindingGroup[]): Promise<readonly UpsertedRow[]> {
  const rows = groups.map(toIncidentRow).sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return sql.query<UpsertedRow[]>(
    `WITH input AS (
       SELECT * FROM json_to_recordset($1) AS r(id uuid, fingerprint text, title text, severity text, rule text, stream text,
         entity_type text, entity_value text, finding_count bigint, first_seen_at timestamptz, last_seen_at timestamptz)
     ), open AS (
       SELECT id FROM incidents WHERE fingerprint IN (SELECT fingerprint FROM input) AND status NOT IN ('RESOLVED', 'CLOSED')
       ORDER BY fingerprint FOR UPDATE
     ), joined AS (
       UPDATE incidents i SET ${absorb('input', '$2')} FROM input, open
       WHERE i.id = open.id AND input.fingerprint = i.fingerprint
       RETURNING ${INCIDENT_COLUMNS.replaceAll(/\w+/g, 'i.$&')}
     ), made AS (
       INSERT INTO incidents AS i (${INSERTED})
       SELECT ${INSERTED} FROM input WHERE fingerprint NOT IN (SELECT fingerprint FROM joined)
       ON CONFLICT (fingerprint) WHERE status NOT IN ('RESOLVED', 'CLOSED') DO UPDATE SET ${absorb('excluded', '$2')}
       RETURNING ${INCIDENT_COLUMNS.replaceAll(/\w+/g, 'i.$&')}
     )
     SELECT *, version = 1 AS opened FROM (SELECT * FROM joined UNION ALL SELECT * FROM made) AS all_incidents`,
    [toJsonText(rows), SEVERITIES],
  );
}

function toIncidentRow(group: FindingGroup): { fingerprint: string } & Record<string, unknown> {
  const times = group.findings.map(({ event }) => event.time);
  const { lead } = group;
  return {
    id: randomUUID(),
    fingerprint: group.fingerprint,
    title: group.title,
    severity: group.severity,
    rule: lead.rule,
    stream: lead.event.stream,
    entity_type: lead.entity.type,
    entity_value: lead.entity.value,
    finding_count: group.findings.length,
    first_seen_at: new Date(times.reduce((a, b) => Math.min(a, b))),
    last_seen_at: new Date(times.reduce((a, b) => Math.max(a, b))),
  };
}

async function insertFindings(
  sql: Sql,
  groups: readonly FindingGroup[],
  incidents: readonly IncidentRow[],
): Promise<void> {
  const incidentOf = new Map(incidents.map((row) => [row.fingerprint, row.id]));
  const rows = groups.flatMap((group) =>
    group.findings.map((finding) => ({
      incident_id: incidentOf.get(group.fingerprint),
      event_id: finding.event.eventId,
      event_received_on: dayOf(finding.event.receivedAt),
      stream: finding.event.stream,
      detector: finding.detector,
      detector_version: finding.detectorVersion,
      rule: finding.rule,
      title: finding.title,
      severity: finding.severity,
      score: finding.score,
      explanation: finding.explanation,
      entity_type: finding.entity.type,
      entity_value: finding.entity.value,
      evidence: finding.evidence,
      attack: finding.attack,
      owasp_llm: finding.owaspLlm,
      event_time: new Date(finding.event.time),
    })),
  );
  const columns = `incident_id, event_id, event_received_on, stream, detector, detector_version, rule, title, severity, score,
    explanation, entity_type, entity_value, evidence, attack, owasp_llm, event_time`;
  await sql.query(
    `INSERT INTO findings (${columns}) SELECT ${columns} FROM json_to_recordset($1) AS r(incident_id uuid, event_id bigint,
       event_received_on date, stream text, detector text, detector_version text, rule text, title text, severity text,
       score real, explanation text, entity_type text, entity_value text, evidence jsonb, attack text[], owasp_llm text[],
       event_time timestamptz)
     ON CONFLICT DO NOTHING`,
    [toJsonText(rows)],
  );
}

/** One entry an incident and batch, however many findings: a flood makes the count rise, not the timeline. */
async function writeTimeline(
  sql: Sql,
  groups: readonly FindingGroup[],
  incidents: readonly UpsertedRow[],
  planned: readonly { readonly row: IncidentRow; readonly response: PlannedResponse }[],
): Promise<void> {
  const groupOf = new Map(groups.map((group) => [group.fingerprint, group]));
  const lines = incidents.map((row): TimelineLine => {
    const group = groupOf.get(row.fingerprint);
    const count = group?.findings.length ?? 0;
    const summary = row.opened
      ? (group?.lead.explanation ?? row.title)
      : `${count} more finding${count === 1 ? '' : 's'}; ${row.finding_count} in all.`;
    return {
      incident: row.id,
      kind: row.opened ? 'OPENED' : 'FINDINGS',
      actor: 'agent',
      summary,
      data: { findings: count },
    };
  });
  const starts = planned.map(({ row, response }): TimelineLine => ({
    incident: row.id,
    kind: 'RESPONSE_STARTED',
    actor: 'agent',
    summary: `Playbook ${response.playbook} started.`,
    data: { playbook: response.playbook },
  }));
  await appendTimeline(sql, [...lines, ...starts]);
}
