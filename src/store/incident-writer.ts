import { type DataSource } from 'typeorm';
import { ArgusError } from '../domain/errors';
import { type IncidentStatus, isOpen } from '../domain/incident';
import { Incident } from '../entities/incident.entity';
import { type Sql, updated } from './database';
import { appendLog } from './event-log';
import { hydrate } from './hydrate';
import { appendTimeline, changeLine, INCIDENT_COLUMNS, type IncidentRow } from './incident-changes';

export interface IncidentUpdate {
  readonly key: string;
  readonly status?: IncidentStatus | null;
  readonly assignee?: string | null;
  readonly tags?: readonly string[] | null;
  readonly expectedVersion?: number | null;
  readonly by: string;
}

/** Changes that people make to incidents: with timeline and event log in one transaction. */
export class IncidentWriter {
  constructor(
    private readonly db: DataSource,
    private readonly onCommitted: () => void,
  ) {}

  /**
   * @throws ArgusError NOT_FOUND without such an incident; CONFLICT when its version is not the expected one, or when it
   *   is reopened while another one of the same fingerprint is open.
   */
  async update(update: IncidentUpdate): Promise<Incident> {
    const incident = await this.db.transaction(async (sql) => {
      const before = await lock(sql, update);
      const after = await write(sql, before, update);
      const summary = describe(before, after);
      await appendTimeline(sql, [
        {
          incident: after.id,
          kind: 'STATUS',
          actor: update.by,
          summary,
          data: { from: before.status, to: after.status },
        },
      ]);
      await appendLog(sql, [changeLine('STATUS', after)]);
      return hydrate(this.db, Incident, [after])[0] as Incident;
    });
    this.onCommitted();
    return incident;
  }
}

async function lock(sql: Sql, { key, expectedVersion }: IncidentUpdate): Promise<IncidentRow> {
  const [row] = await sql.query<IncidentRow[]>(`SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE id = $1 FOR UPDATE`, [
    key,
  ]);
  if (!row) throw new ArgusError('NOT_FOUND', 'No incident has this id.', ['input', 'id']);
  if (expectedVersion != null && expectedVersion !== row.version) {
    throw new ArgusError(
      'CONFLICT',
      `The incident has version ${row.version}, not ${expectedVersion}: read it again.`,
      ['input', 'expectedVersion'],
    );
  }
  return row;
}

async function write(sql: Sql, before: IncidentRow, { status, assignee, tags }: IncidentUpdate): Promise<IncidentRow> {
  const next = status ?? before.status;
  if (isOpen(next) && !isOpen(before.status)) {
    const [other] = await sql.query<{ number: number }[]>(
      `SELECT number FROM incidents WHERE fingerprint = $1 AND status NOT IN ('RESOLVED', 'CLOSED')`,
      [before.fingerprint],
    );
    if (other)
      throw new ArgusError('CONFLICT', `Incident ${other.number} of the same cause is open.`, ['input', 'status']);
  }
  const [after] = await updated<IncidentRow>(
    sql,
    `UPDATE incidents SET status = $2, assignee = $3, tags = $4, version = version + 1, updated_at = clock_timestamp(),
       ended_at = CASE WHEN $5 THEN NULL ELSE coalesce(ended_at, clock_timestamp()) END
     WHERE id = $1 RETURNING ${INCIDENT_COLUMNS}`,
    [
      before.id,
      next,
      assignee === undefined || assignee === null ? before.assignee : assignee || null,
      tags ?? before.tags,
      isOpen(next),
    ],
  );
  if (!after) throw new ArgusError('NOT_FOUND', 'No incident has this id.', ['input', 'id']);
  return after;
}

function describe(before: IncidentRow, after: IncidentRow): string {
  const parts = [
    before.status !== after.status && `status ${before.status} → ${after.status}`,
    before.assignee !== after.assignee && `assignee ${before.assignee ?? 'nobody'} → ${after.assignee ?? 'nobody'}`,
    before.tags.join() !== after.tags.join() && `tags ${after.tags.join(', ') || 'none'}`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join('; ') : 'No change.';
}
