import { isJsonObject, type Json, type JsonObject } from '../domain/json';

/** One line of a training export: a finding of Argus with what became of it, or a decision of the backend. */
export interface TrainingRecord {
  readonly source: 'argus' | 'backend';
  readonly id: string;
  readonly eventTime: Date | null;
  readonly stream: string | null;
  readonly rule: string | null;
  readonly detector: string | null;
  readonly detectorVersion: string | null;
  readonly severity: string | null;
  /** 0 to 1; of the backend, its risk score as it gave it. */
  readonly score: number | null;
  readonly entityType: string | null;
  readonly entityValue: string | null;
  readonly incidentNumber: number | null;
  readonly incidentStatus: string | null;
  /** What people said the incident was; null as long as they have not. */
  readonly disposition: string | null;
  /** What the backend decided. */
  readonly decision: string | null;
  readonly explanation: string | null;
  readonly features: JsonObject | null;
  readonly evidence: Json;
  readonly attack: Json;
  readonly owaspLlm: Json;
  readonly processingSteps: Json;
  readonly context: JsonObject | null;
}

/** Columns in the order of every format. NESTED ones are JSON text where a format knows no nesting. */
export const TRAINING_COLUMNS: readonly {
  readonly name: keyof TrainingRecord;
  readonly type: 'STRING' | 'DOUBLE' | 'TIMESTAMP' | 'NESTED';
}[] = [
  { name: 'source', type: 'STRING' },
  { name: 'id', type: 'STRING' },
  { name: 'eventTime', type: 'TIMESTAMP' },
  { name: 'stream', type: 'STRING' },
  { name: 'rule', type: 'STRING' },
  { name: 'detector', type: 'STRING' },
  { name: 'detectorVersion', type: 'STRING' },
  { name: 'severity', type: 'STRING' },
  { name: 'score', type: 'DOUBLE' },
  { name: 'entityType', type: 'STRING' },
  { name: 'entityValue', type: 'STRING' },
  { name: 'incidentNumber', type: 'DOUBLE' },
  { name: 'incidentStatus', type: 'STRING' },
  { name: 'disposition', type: 'STRING' },
  { name: 'decision', type: 'STRING' },
  { name: 'explanation', type: 'STRING' },
  { name: 'features', type: 'NESTED' },
  { name: 'evidence', type: 'NESTED' },
  { name: 'attack', type: 'NESTED' },
  { name: 'owaspLlm', type: 'NESTED' },
  { name: 'processingSteps', type: 'NESTED' },
  { name: 'context', type: 'NESTED' },
];

const text = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: Json | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const object = (value: Json | undefined): JsonObject | null => (isJsonObject(value) ? value : null);

/** A record of the backend's export in Argus's columns. */
export function ofBackend(record: JsonObject): TrainingRecord {
  const outcome = object(record.decisionOutcome) ?? {};
  const time = Date.parse(text(record.timestamp) ?? '');
  const hash = text(record.inputDataHash);
  return {
    source: 'backend',
    id: text(record.id) ?? '',
    eventTime: Number.isNaN(time) ? null : new Date(time),
    stream: null,
    rule: null,
    detector: null,
    detectorVersion: null,
    severity: null,
    score: number(outcome.riskScore) ?? number(record.riskScore),
    entityType: hash === null ? null : 'CONTENT_HASH',
    entityValue: hash,
    incidentNumber: null,
    incidentStatus: null,
    disposition: null,
    decision: text(outcome.decision) ?? text(record.decision),
    explanation: text(outcome.reasoning),
    features: object(record.featureVector),
    evidence: null,
    attack: null,
    owaspLlm: null,
    processingSteps: record.processingSteps ?? null,
    context: object(record.contextMetadata),
  };
}
