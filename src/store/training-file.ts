import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { TRAINING_COLUMNS, type TrainingRecord } from './training-record';

export type TrainingFormat = 'JSON' | 'CSV' | 'PARQUET';

type Records = AsyncIterable<TrainingRecord>;

/** Media type and file-name ending of each format. */
export const TRAINING_FORMATS: Readonly<
  Record<TrainingFormat, { readonly mediaType: string; readonly ending: string }>
> = {
  JSON: { mediaType: 'application/json', ending: 'json' },
  CSV: { mediaType: 'text/csv; charset=utf-8', ending: 'csv' },
  PARQUET: { mediaType: 'application/vnd.apache.parquet', ending: 'parquet' },
};

/** Writes records into a file as they come; memory is bounded by one row group. */
export async function writeTraining(path: string, format: TrainingFormat, records: Records): Promise<void> {
  if (format === 'PARQUET') await writeParquet(path, records);
  else {
    const lines = format === 'CSV' ? toCsv(records) : toJson(records);
    await pipeline(Readable.from(lines), createWriteStream(path, { mode: 0o600 }));
  }
}

async function* toJson(records: Records): AsyncGenerator<string> {
  yield '{"version":"1.0","records":[';
  let separator = '\n';
  for await (const record of records) {
    yield separator + JSON.stringify(record);
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** CSV after RFC 4180: CRLF, quotes doubled, a header line. */
async function* toCsv(records: Records): AsyncGenerator<string> {
  yield `${TRAINING_COLUMNS.map(({ name }) => name).join(',')}\r\n`;
  for await (const record of records) {
    yield `${TRAINING_COLUMNS.map(({ name }) => csvCell(record[name])).join(',')}\r\n`;
  }
}

/**
 * One cell: nested values as JSON text. Text that a spreadsheet would run as a formula is preceded by an apostrophe
 * (OWASP, CSV injection).
 */
export function csvCell(value: TrainingRecord[keyof TrainingRecord]): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const plain = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value);
  const safe =
    /^[\s\0]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/u.test(plain) || /^[\t\r\n]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const PARQUET_TYPES = { STRING: 'STRING', NESTED: 'STRING', DOUBLE: 'DOUBLE', TIMESTAMP: 'TIMESTAMP' } as const;
const ROWS_A_GROUP = 10_000;

async function writeParquet(path: string, records: Records): Promise<void> {
  const columns = TRAINING_COLUMNS.map(({ name, type }) => ({ name, type: PARQUET_TYPES[type], nullable: true }));
  await parquetWriteRows({
    writer: fileWriter(path),
    rows: parquetRows(records),
    columns,
    rowGroupSize: ROWS_A_GROUP,
  });
}

async function* parquetRows(records: Records): AsyncGenerator<Record<string, string | number | Date | null>> {
  for await (const record of records) {
    const cells = TRAINING_COLUMNS.map(({ name, type }) => {
      const value = record[name];
      if (value === null || type !== 'NESTED') return [name, value] as const;
      return [name, JSON.stringify(value)] as const;
    });
    yield Object.fromEntries(cells) as Record<string, string | number | Date | null>;
  }
}
