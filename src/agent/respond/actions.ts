import { createHash } from 'node:crypto';
import { type AlertSink, type Backend, type ClaimedStep, type ResponseStore, type StepOutcome } from '../ports';
import { type JsonObject } from '../../domain/json';
import { textsOf } from '../ingest/normalise';

export interface ActionWorld {
  readonly alerts: AlertSink;
  readonly backend: Backend;
  readonly responses: ResponseStore;
}

type Action = (step: ClaimedStep, world: ActionWorld) => Promise<StepOutcome>;

/** Most records of an incident that are sanitised anew; the backend limits calls per client. */
const MAX_RECORDS = 5;

/** Everything a step may do. Each is idempotent under the step's key: a step that was cut off is run again. */
export const ACTIONS = {
  alert: async ({ incident, idempotencyKey }, { alerts }) => {
    const { id, title, severity } = incident;
    await alerts.alert({ incidentId: id, title, severity, idempotencyKey });
    return { status: 'SUCCEEDED', summary: `Alerted: ${title}`, output: { severity } };
  },

  resanitise: async ({ incident }, { backend, responses }) => {
    const records = await responses.evidenceRecords(incident.id, MAX_RECORDS);
    const results: { before: string; after: string; changed: boolean }[] = [];
    for (const record of records) {
      const text = textsOf(JSON.parse(record) as JsonObject)
        .map((field) => field.text)
        .join('\n');
      if (text === '') continue;
      const sanitised = await backend.sanitizeText(text);
      results.push({ before: hash(text), after: hash(sanitised), changed: sanitised !== text });
    }
    const changed = results.filter((result) => result.changed).length;
    const summary = `Sanitised ${results.length} record${results.length === 1 ? '' : 's'} anew; ${changed} changed.`;
    return { status: 'SUCCEEDED', summary, output: { records: results } };
  },

  'trigger-workflow': async ({ incident, idempotencyKey }, { backend }) => {
    const { id, title, severity, rule, entity } = incident;
    const data = JSON.stringify({ incident: id, title, severity, rule, entity, idempotencyKey });
    const result = await backend.triggerWorkflow(data);
    return { status: 'SUCCEEDED', summary: 'The n8n workflow was triggered.', output: { resultHash: hash(result) } };
  },
} satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;

/** True for the name of an action that exists. */
export function isAction(name: string): name is ActionName {
  return Object.hasOwn(ACTIONS, name);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
