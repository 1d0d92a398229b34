import { parquetWriteBuffer } from 'hyparquet-writer';

import { isJsonObject } from '../domain/json';
import { type TrailEntry } from './audit-log';

export type ExportFormat = 'json' | 'csv' | 'parquet';
type Row = Readonly<Record<string, unknown>>;

const COLLECTED = 'high_fidelity_data_collection';
const MOST_RECORDS = 10_000;
/** Columns of the Parquet form; nested values are JSON texts, flattened ones are dropped. */
const PARQUET_COLUMNS = ['inputDataHash', 'processingSteps', 'decisionOutcome', 'featureVector', 'contextMetadata'];

/** The trail's entries that an export's filters choose, newest last, as its records. */
export function selectRecords(trail: readonly TrailEntry[], filters: Row): readonly Row[] {
  const operation = typeof filters.operation === 'string' ? filters.operation : COLLECTED;
  const from = timeIn(filters.startDate) ?? Number.NEGATIVE_INFINITY;
  const to = timeIn(filters.endDate) ?? Number.POSITIVE_INFINITY;
  const risk = filters.riskScore;
  const chosen = trail.filter((entry) => {
    const time = Date.parse(entry.timestamp);
    if (entry.operation !== operation || time < from || time > to) return false;
    return !risk || riskOf(entry) === risk;
  });
  return chosen.slice(-MOST_RECORDS).map(toRecord);
}

/** The export's file. */
export function formatRecords(records: readonly Row[], format: ExportFormat, now: number): Buffer {
  switch (format) {
    case 'json': {
      const timestamp = new Date(now).toISOString();
      const exportMetadata = { timestamp, recordCount: records.length, format, version: '1.0' };
      return Buffer.from(JSON.stringify({ exportMetadata, records }));
    }
    case 'csv':
      return Buffer.from(toCsv(records));
    case 'parquet':
      return toParquet(records);
  }
}

/** An entry of the trail for training data given to the sandbox, or null when it is none. */
export function plantedEntry(value: unknown, now: number): TrailEntry | null {
  if (!isJsonObject(value) || !isJsonObject(value.decisionOutcome)) return null;
  const { id, timestamp, ...details } = value;
  return {
    id: typeof id === 'string' ? id : `audit_${now}_${Math.random().toString(36).slice(2, 11)}`,
    timestamp: typeof timestamp === 'string' ? timestamp : new Date(now).toISOString(),
    operation: COLLECTED,
    details,
  };
}

function toRecord({ id, timestamp, operation, details }: TrailEntry): Row {
  if (operation !== COLLECTED) return { id, timestamp };
  const { inputDataHash, processingSteps, decisionOutcome, contextMetadata } = details;
  const context = isJsonObject(contextMetadata) ? contextMetadata : {};
  const outcome = isJsonObject(decisionOutcome) ? decisionOutcome : {};
  const steps = Array.isArray(processingSteps) ? processingSteps : [];
  const features = {
    inputLength: context.inputLength,
    outputLength: context.outputLength,
    processingTime: context.processingTime,
    processingStepsCount: steps.length,
    riskScore: outcome.riskScore,
    decision: outcome.decision,
    hasProcessingSteps: steps.length > 0,
  };
  const nested = { inputDataHash, processingSteps: steps, decisionOutcome, featureVector: features, contextMetadata };
  return { id, timestamp, ...nested, ...features };
}

function toCsv(records: readonly Row[]): string {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = records.map((record) => columns.map((column) => csvCell(record[column])).join(','));
  return [columns.join(','), ...lines].join('\n');
}

/** Nested objects come out as `[object Object]`, as they do there. */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (isJsonObject(value)) return '[object Object]';
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function toParquet(records: readonly Row[]): Buffer {
  const column = (name: string, nullable: boolean) => ({
    name,
    data: records.map((record) => cell(record[name])),
    type: 'STRING' as const,
    nullable,
  });
  const columnData = [
    ...['id', 'timestamp'].map((name) => column(name, false)),
    ...PARQUET_COLUMNS.map((name) => column(name, true)),
  ];
  return Buffer.from(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', statistics: false }));
}

function cell(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function timeIn(value: unknown): number | null {
  const time = typeof value === 'string' || typeof value === 'number' ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function riskOf({ details }: TrailEntry): unknown {
  const outcome = details.decisionOutcome;
  return isJsonObject(outcome) ? outcome.riskScore : undefined;
}
