import { type DataSource } from 'typeorm';
import { type JsonObject } from '../domain/json';
import { type ExportedFile, type ExportStore } from './export-store';
import { TRAINING_FORMATS, type TrainingFormat, writeTraining } from './training-file';
import { readTraining, type TrainingRange } from './training-reader';
import { ofBackend, type TrainingRecord } from './training-record';

export interface TrainingExportRequest extends TrainingRange {
  readonly format: TrainingFormat;
  readonly requestedBy: string;
  /** The backend's own export, to be merged in behind Argus's records. */
  readonly backendRecords: readonly JsonObject[];
}

/** A training export, and how many records of each source it holds. */
export interface TrainingExport {
  readonly file: ExportedFile;
  readonly records: number;
  readonly backendRecords: number;
}

/** Writes the record of Argus, and the backend's, to one file of the exports. */
export async function exportTraining(
  db: DataSource,
  exports: ExportStore,
  { format, requestedBy, backendRecords, ...range }: TrainingExportRequest,
): Promise<TrainingExport> {
  const counts = { argus: 0, backend: 0 };
  async function* merged(): AsyncGenerator<TrainingRecord> {
    for await (const record of readTraining(db, range)) {
      counts.argus++;
      yield record;
    }
    for (const record of backendRecords) {
      counts.backend++;
      yield ofBackend(record);
    }
  }
  const { mediaType, ending } = TRAINING_FORMATS[format];
  const fileName = `argus-training-data.${ending}`;
  const file = await exports.create({ fileName, mediaType, requestedBy }, (path) =>
    writeTraining(path, format, merged()),
  );
  return { file, records: counts.argus, backendRecords: counts.backend };
}
