import { type DataSource } from 'typeorm';
import { isJsonObject, type Json, type JsonObject } from '../domain/json';
import { type TrainingRecord } from './training-record';

/** Which records an export is about, by the time of their events. */
export interface TrainingRange {
  /** Inclusive. */
  readonly from: Date | null;
  /** Exclusive. */
  readonly to: Date | null;
}

const BATCH = 1_000;

interface Row {
  readonly id: number;
  readonly event_time: Date;
  readonly stream: string;
  readonly rule: string;
  readonly detector: string;
  readonly detector_version: string;
  readonly severity: string;
  readonly score: number;
  readonly entity_type: string;
  readonly entity_value: string;
  readonly explanation: string;
  readonly evidence: Json;
  readonly attack: string[];
  readonly owasp_llm: string[];
  readonly number: number;
  readonly status: string;
  readonly disposition: string | null;
}

/**
 * Findings with what became of their incidents, oldest first, a batch at a time: memory does not grow with the table.
 * Findings that come while it is read are left out.
 */
export async function* readTraining(db: DataSource, { from, to }: TrainingRange): AsyncGenerator<TrainingRecord> {
  const [last] = await db.query<{ id: number | null }[]>('SELECT max(id) AS id FROM findings');
  for (let after = 0; ;) {
    const rows = await db.query<Row[]>(
      `SELECT f.id, f.event_time, f.stream, f.rule, f.detector, f.detector_version, f.severity, f.score, f.entity_type,
         f.entity_value, f.explanation, f.evidence, f.attack, f.owasp_llm, i.number, i.status, i.disposition
       FROM findings f JOIN incidents i ON i.id = f.incident_id
       WHERE f.id > $1 AND f.id <= $2 AND ($3::timestamptz IS NULL OR f.event_time >= $3)
         AND ($4::timestamptz IS NULL OR f.event_time < $4)
       ORDER BY f.id LIMIT $5`,
      [after, last?.id ?? 0, from, to, BATCH],
    );
    for (const row of rows) yield toRecord(row);
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.id ?? Number.MAX_SAFE_INTEGER;
  }
}

function toRecord(row: Row): TrainingRecord {
  return {
    source: 'argus',
    id: String(row.id),
    eventTime: row.event_time,
    stream: row.stream,
    rule: row.rule,
    detector: row.detector,
    detectorVersion: row.detector_version,
    severity: row.severity,
    score: Number(row.score.toFixed(6)),
    entityType: row.entity_type,
    entityValue: row.entity_value,
    incidentNumber: row.number,
    incidentStatus: row.status,
    disposition: row.disposition,
    decision: null,
    explanation: row.explanation,
    features: featuresOf(row.evidence),
    evidence: row.evidence,
    attack: row.attack,
    owaspLlm: row.owasp_llm,
    processingSteps: null,
    context: null,
  };
}

/** The measured values of all pieces of evidence in one object. */
function featuresOf(evidence: Json): JsonObject | null {
  const pieces = Array.isArray(evidence) ? evidence.filter(isJsonObject) : [];
  const measured = pieces.flatMap(({ features }) => (isJsonObject(features) ? Object.entries(features) : []));
  return measured.length === 0 ? null : Object.fromEntries(measured);
}
