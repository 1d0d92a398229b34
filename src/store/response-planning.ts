import { randomUUID } from 'node:crypto';
import { type PlannedResponse } from '../agent/ports';
import { type ResponseTrigger } from '../domain/response';
import { type Sql } from './database';

/** The job that runs one step of a response. */
export const STEP_JOB = 'response-step';
/** How often a step is tried before it counts as failed. */
export const STEP_ATTEMPTS = 6;

export interface PlannedRow {
  readonly incident: string;
  readonly response: PlannedResponse;
  readonly trigger: ResponseTrigger;
  readonly requestedBy: string;
  readonly idempotencyKey?: string;
}

/** Writes responses with their steps and enqueues the first step of each, in the caller's transaction. Answers their ids. */
export async function planResponses(sql: Sql, planned: readonly PlannedRow[]): Promise<readonly string[]> {
  if (planned.length === 0) return [];
  const responses = planned.map((row) => ({
    id: randomUUID(),
    incident_id: row.incident,
    playbook: row.response.playbook,
    trigger: row.trigger,
    requested_by: row.requestedBy,
    idempotency_key: row.idempotencyKey ?? null,
    steps: row.response.steps,
  }));
  await sql.query(
    `WITH input AS (
       SELECT * FROM json_to_recordset($1) AS r(
         id uuid, incident_id uuid, playbook text, trigger text, requested_by text, idempotency_key text, steps jsonb)
     ), made AS (
       INSERT INTO responses (id, incident_id, playbook, trigger, requested_by, idempotency_key)
       SELECT id, incident_id, playbook, trigger, requested_by, idempotency_key FROM input
     )
     INSERT INTO response_steps (response_id, ordinal, action, input)
     SELECT i.id, s.ordinal, s.step ->> 'action', s.step -> 'input'
     FROM input i CROSS JOIN jsonb_array_elements(i.steps) WITH ORDINALITY AS s(step, ordinal)`,
    [JSON.stringify(responses)],
  );
  await enqueueSteps(
    sql,
    responses.map(({ id }) => ({ responseId: id, ordinal: 1 })),
  );
  return responses.map(({ id }) => id);
}

/** Enqueues steps in the caller's transaction: their jobs exist if and only if it commits. */
export async function enqueueSteps(
  sql: Sql,
  steps: readonly { readonly responseId: string; readonly ordinal: number }[],
): Promise<void> {
  await sql.query(
    `SELECT graphile_worker.add_job($1, payload := to_json(s), job_key := s."responseId" || ':' || s.ordinal,
       max_attempts := $2)
     FROM json_to_recordset($3) AS s("responseId" text, ordinal int)`,
    [STEP_JOB, STEP_ATTEMPTS, JSON.stringify(steps)],
  );
}

/** Enqueues the next step of every response that is under way; those that have their job keep it. */
export async function enqueueHeldBack(sql: Sql): Promise<void> {
  const steps = await sql.query<{ responseId: string; ordinal: number }[]>(
    `SELECT s.response_id AS "responseId", min(s.ordinal) AS ordinal
     FROM response_steps s JOIN responses r ON r.id = s.response_id
     WHERE r.status IN ('QUEUED', 'RUNNING') AND s.status IN ('PENDING', 'RUNNING')
     GROUP BY s.response_id`,
  );
  if (steps.length > 0) await enqueueSteps(sql, steps);
}
