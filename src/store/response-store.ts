import { type DataSource } from 'typeorm';
import { type ClaimedStep, type ResponseStore, type StartRequest, type StepOutcome } from '../agent/ports';
import { ArgusError } from '../domain/errors';
import { type JsonObject, storable } from '../domain/json';
import { type Sql, toJsonText, updated } from './database';
import { appendLog } from './event-log';
import {
  appendTimeline,
  changeLine,
  factsOf,
  INCIDENT_COLUMNS,
  type IncidentRow,
  type TimelineLine,
  touchIncident,
} from './incident-changes';
import { enqueueSteps, planResponses } from './response-planning';

interface StepRow {
  readonly action: string;
  readonly input: JsonObject;
  readonly attempts: number;
}

/** Responses and their steps: claimed, run once, recorded with the incident they belong to. */
export class PostgresResponseStore implements ResponseStore {
  constructor(private readonly db: DataSource) {}

  async claimStep(responseId: string, ordinal: number): Promise<ClaimedStep | null> {
    const [step] = await updated<StepRow>(
      this.db,
      `UPDATE response_steps s SET status = 'RUNNING', attempts = attempts + 1, started_at = coalesce(started_at, now())
       FROM responses r
       WHERE s.response_id = $1 AND s.ordinal = $2 AND s.status IN ('PENDING', 'RUNNING')
         AND r.id = s.response_id AND r.status IN ('QUEUED', 'RUNNING')
       RETURNING s.action, s.input, s.attempts`,
      [responseId, ordinal],
    );
    if (!step) return null;
    const [incident] = await this.db.query<IncidentRow[]>(
      `WITH started AS (UPDATE responses SET status = 'RUNNING' WHERE id = $1 AND status = 'QUEUED')
       SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE id = (SELECT incident_id FROM responses WHERE id = $1)`,
      [responseId],
    );
    if (!incident) return null;
    return { responseId, ordinal, ...step, idempotencyKey: `${responseId}:${ordinal}`, incident: factsOf(incident) };
  }

  async finishStep(step: ClaimedStep, outcome: StepOutcome): Promise<void> {
    await this.db.transaction(async (sql) => {
      const stored = await updated(
        sql,
        `UPDATE response_steps SET status = $3, summary = $4, output = $5, finished_at = clock_timestamp()
         WHERE response_id = $1 AND ordinal = $2 AND status = 'RUNNING' RETURNING ordinal`,
        [step.responseId, step.ordinal, outcome.status, storable(outcome.summary), toJsonText(outcome.output)],
      );
      if (stored.length === 0) return; // another worker has stored its outcome already
      const ended = await this.#advance(sql, step, outcome);
      const incident = await touchIncident(sql, step.incident.id);
      if (!incident) throw new ArgusError('INTERNAL', 'A response without its incident.');
      await appendTimeline(sql, timelineOf(step, outcome, ended));
      await appendLog(sql, [changeLine('RESPONSE', incident)]);
    });
  }

  /** Enqueues the next step, or ends the response; answers its final status when it ended. */
  async #advance(sql: Sql, step: ClaimedStep, outcome: StepOutcome): Promise<'SUCCEEDED' | 'FAILED' | null> {
    const failed = outcome.status === 'FAILED';
    if (!failed) {
      const [next] = await sql.query<{ ordinal: number }[]>(
        `SELECT ordinal FROM response_steps WHERE response_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT 1`,
        [step.responseId, step.ordinal],
      );
      if (next) {
        await enqueueSteps(sql, [{ responseId: step.responseId, ordinal: next.ordinal }]);
        return null;
      }
    }
    const status = failed ? 'FAILED' : 'SUCCEEDED';
    await sql.query(
      `WITH skipped AS (
         UPDATE response_steps SET status = 'SKIPPED' WHERE response_id = $1 AND status = 'PENDING'
       )
       UPDATE responses SET status = $2, finished_at = clock_timestamp() WHERE id = $1`,
      [step.responseId, status],
    );
    return status;
  }

  async evidenceRecords(incidentId: string, limit: number): Promise<readonly string[]> {
    const rows = await this.db.query<{ raw: string }[]>(
      `SELECT e.raw FROM (
         SELECT DISTINCT ON (event_id) event_id, event_received_on FROM findings WHERE incident_id = $1
         ORDER BY event_id DESC LIMIT $2) f
       JOIN events e ON e.id = f.event_id AND e.received_on = f.event_received_on
       ORDER BY e.id DESC`,
      [incidentId, limit],
    );
    return rows.map(({ raw }) => raw);
  }

  async start(request: StartRequest): Promise<string> {
    const { incidentKey, response, requestedBy, idempotencyKey } = request;
    return this.db.transaction(async (sql) => {
      const incident = await touchIncident(sql, incidentKey);
      if (!incident) throw new ArgusError('NOT_FOUND', 'No incident has this id.', ['input', 'incidentId']);
      if (idempotencyKey !== null) {
        const before = await this.#startedBefore(sql, request, idempotencyKey);
        if (before !== null) return before;
      }
      const [id = ''] = await planResponses(sql, [
        {
          incident: incidentKey,
          response,
          trigger: 'MANUAL',
          requestedBy,
          ...(idempotencyKey !== null && { idempotencyKey }),
        },
      ]);
      await appendTimeline(sql, [
        {
          incident: incidentKey,
          kind: 'RESPONSE_STARTED',
          actor: requestedBy,
          summary: `Playbook ${response.playbook} started.`,
          data: { playbook: response.playbook },
        },
      ]);
      await appendLog(sql, [changeLine('RESPONSE', incident)]);
      return id;
    });
  }

  async #startedBefore(sql: Sql, { incidentKey, response }: StartRequest, key: string): Promise<string | null> {
    const [row] = await sql.query<{ id: string; incident_id: string; playbook: string }[]>(
      'SELECT id, incident_id, playbook FROM responses WHERE idempotency_key = $1',
      [key],
    );
    if (!row) return null;
    if (row.incident_id === incidentKey && row.playbook === response.playbook) return row.id;
    throw new ArgusError('CONFLICT', 'This idempotency key was used for another response.', [
      'input',
      'idempotencyKey',
    ]);
  }
}

function timelineOf(step: ClaimedStep, outcome: StepOutcome, ended: 'SUCCEEDED' | 'FAILED' | null): TimelineLine[] {
  const base = { incident: step.incident.id, actor: 'agent' };
  const data = { response: step.responseId, step: step.ordinal, action: step.action, ...outcome.output };
  const entry: TimelineLine = {
    ...base,
    kind: outcome.status === 'FAILED' ? 'STEP_FAILED' : 'STEP_SUCCEEDED',
    summary: outcome.summary,
    data,
  };
  if (ended === null) return [entry];
  const summary = ended === 'SUCCEEDED' ? 'The response has finished.' : 'The response has failed.';
  return [entry, { ...base, kind: 'RESPONSE_FINISHED', summary, data: { response: step.responseId, status: ended } }];
}
