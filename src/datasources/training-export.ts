import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

import { type JsonObject } from '../domain/json';
import { errorOfAnswer, type HttpAnswer, malformed } from './answer-error';
import { BackendError } from './backend-error';
import { decodeNumber } from './decoders';
import { type BackendHttp } from './http';

export const EXPORT_FORMATS = ['JSON', 'CSV', 'PARQUET'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportFilter {
  /** ms since 1970-01-01 UTC, inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Exactly this score; the backend ignores 0. */
  readonly riskScore?: number;
}

export interface ExportedFile {
  readonly path: string;
  readonly format: ExportFormat;
  readonly bytes: number;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  /** As the backend counted; null when it did not say. */
  readonly records: number | null;
}

const EMPTY_ANSWER = 'Failed to export training data';
const recordsSchema = z.object({ records: z.array(z.record(z.string(), z.json())) });

/**
 * POST /api/export/training-data. The backend answers an empty export and a failed one with the same words, so both
 * are null here. CSV holds `[object Object]` where values are nested: take JSON or Parquet to lose nothing.
 */
export class TrainingExport {
  constructor(private readonly http: BackendHttp) {}

  /** Streams the export into a file, which exists only once it is complete; null = nothing there, or it failed. */
  async toFile(path: string, format: ExportFormat, filter: ExportFilter = {}): Promise<ExportedFile | null> {
    const partial = `${path}.part`;
    const file = await open(partial, 'w', 0o600);
    try {
      const written = await this.stream(file, format, filter);
      await file.sync();
      await file.close();
      if (!written) return null;
      await rename(partial, path);
      return { path, format, ...written };
    } finally {
      await file.close().catch(() => undefined);
      await rm(partial, { force: true });
    }
  }

  /** The records themselves, newest 10,000 at most; empty when there are none or the backend failed. */
  async records(filter: ExportFilter = {}): Promise<readonly JsonObject[]> {
    const path = join(tmpdir(), `argus-export-${crypto.randomUUID()}.json`);
    try {
      const file = await this.toFile(path, 'JSON', filter);
      if (!file) return [];
      const parsed = recordsSchema.safeParse(parse(await readFile(path, 'utf8')));
      if (!parsed.success) throw malformed('TRAINING_EXPORT', 'unexpected records');
      return parsed.data.records;
    } finally {
      await rm(path, { force: true });
    }
  }

  private async stream(
    file: FileHandle,
    format: ExportFormat,
    filter: ExportFilter,
  ): Promise<Omit<ExportedFile, 'path' | 'format'> | null> {
    const tool = 'TRAINING_EXPORT';
    const hash = createHash('sha256');
    let bytes = 0;
    const sink = async (chunk: Uint8Array): Promise<void> => {
      hash.update(chunk);
      bytes += chunk.length;
      await writeAll(file, chunk);
    };
    const json = {
      format: format.toLowerCase(),
      ...(filter.from !== undefined && { startDate: new Date(filter.from).toISOString() }),
      ...(filter.to !== undefined && { endDate: new Date(filter.to).toISOString() }),
      ...(filter.riskScore !== undefined && { riskScore: filter.riskScore }),
    };
    const call = { tool, method: 'POST', path: '/api/export/training-data', json, sink, accept: [500] } as const;
    const records = await this.http.send(call, (answer) => {
      if (answer.status === 500 && isEmpty(answer)) return 'EMPTY';
      if (answer.status === 500) throw errorOfAnswer(tool, answer, this.http.scrub);
      if (answer.headers['x-export-format'] !== json.format) throw malformed(tool, 'not the format asked for');
      return decodeNumber(answer.headers['x-export-record-count']);
    });
    return records === 'EMPTY' ? null : { bytes, sha256: hash.digest('hex'), records };
  }
}

function isEmpty({ contentType, body }: HttpAnswer): boolean {
  return contentType === 'application/json' && body.includes(EMPTY_ANSWER);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('TRAINING_EXPORT', 'broken JSON');
  }
}

/** A full disk is Argus's own fault, but the export fails of it all the same. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    await file.writeFile(chunk);
  } catch {
    throw new BackendError('TRAINING_EXPORT', 'INVALID_REQUEST', 'the export cannot be written to its file');
  }
}
