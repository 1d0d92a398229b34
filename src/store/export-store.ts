import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type DataSource } from 'typeorm';
import { updated } from './database';

/** A file that Argus has made and hands out for a while. */
export interface ExportedFile {
  readonly id: string;
  /** Where it lies. */
  readonly path: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Of the file, hex. */
  readonly sha256: string;
  readonly createdAt: Date;
  /** When it is removed. */
  readonly expiresAt: Date;
}

/** What a file is to be, and who wants it. */
export interface ExportRequest {
  readonly fileName: string;
  readonly mediaType: string;
  readonly requestedBy: string;
}

/** A link that opens a file without a key until it expires. */
export interface SignedLink {
  /** Path and query. */
  readonly path: string;
  readonly expiresAt: Date;
}

interface ExportRow {
  readonly id: string;
  readonly file_name: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly created_at: Date;
  readonly expires_at: Date;
}

const SECRET = 'exports.secret';
const KEPT_MS = 24 * 3_600_000;
const LINK_MS = 15 * 60_000;

/** Files under the data folder with a row each. A file exists under its name only once it is complete. */
export class ExportStore {
  #secret: Promise<string> | null = null;

  constructor(
    private readonly db: DataSource,
    private readonly dir: string,
    private readonly now: () => number,
  ) {}

  /** Keeps what `write` puts at the path it is given. Nothing is kept when `write` fails. */
  async create(request: ExportRequest, write: (path: string) => Promise<void>): Promise<ExportedFile> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const id = randomUUID();
    const path = this.#pathOf(id);
    const partial = `${path}.part`;
    try {
      await write(partial);
      const { sha256, bytes } = await sealed(partial);
      await rename(partial, path);
      const expiresAt = new Date(this.now() + KEPT_MS);
      const { fileName, mediaType, requestedBy } = request;
      const rows = await this.db.query<ExportRow[]>(
        `INSERT INTO exports (id, file_name, media_type, bytes, sha256, requested_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
        [id, fileName, mediaType, bytes, sha256, requestedBy, expiresAt],
      );
      return this.#toFile(rows[0] as ExportRow);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** The file, or null when there is none, it has expired, or it lies with another process. */
  async find(id: string): Promise<ExportedFile | null> {
    const rows = await this.db.query<ExportRow[]>('SELECT * FROM exports WHERE id = $1 AND expires_at > $2', [
      id,
      new Date(this.now()),
    ]);
    if (!rows[0]) return null;
    const file = this.#toFile(rows[0]);
    const there = await stat(file.path).catch(() => null);
    return there?.size === file.bytes ? file : null;
  }

  /** A link to the file for a quarter of an hour. */
  async link(id: string): Promise<SignedLink> {
    const expires = Math.floor((this.now() + LINK_MS) / 1_000);
    const signature = await this.#sign(id, String(expires));
    return {
      path: `/exports/${id}?expires=${expires}&signature=${signature}`,
      expiresAt: new Date(expires * 1_000),
    };
  }

  /** Whether this signature was made here for this file, and has not expired. */
  async isSigned(id: string, expires: string, signature: string): Promise<boolean> {
    if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const expected = Buffer.from(await this.#sign(id, expires), 'hex');
    return timingSafeEqual(expected, Buffer.from(signature, 'hex')) && Number(expires) * 1_000 > this.now();
  }

  /** Removes what has expired; answers how many there were. */
  async removeExpired(): Promise<number> {
    const rows = await updated<{ id: string }>(this.db, 'DELETE FROM exports WHERE expires_at <= $1 RETURNING id', [
      new Date(this.now()),
    ]);
    for (const { id } of rows) await rm(this.#pathOf(id), { force: true });
    return rows.length;
  }

  #pathOf(id: string): string {
    return join(this.dir, id);
  }

  #toFile(row: ExportRow): ExportedFile {
    return {
      id: row.id,
      path: this.#pathOf(row.id),
      fileName: row.file_name,
      mediaType: row.media_type,
      bytes: row.bytes,
      sha256: row.sha256,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    };
  }

  async #sign(id: string, expires: string): Promise<string> {
    this.#secret ??= this.#readSecret();
    const secret = await this.#secret.catch((error: unknown) => {
      this.#secret = null;
      throw error;
    });
    return createHmac('sha256', secret).update(`${id}\n${expires}`).digest('hex');
  }

  /** Made once for the installation: every process signs with the same. */
  async #readSecret(): Promise<string> {
    await this.db.query(
      `INSERT INTO settings (key, value, updated_by) VALUES ($1, to_jsonb($2::text), 'argus')
       ON CONFLICT (key) DO NOTHING`,
      [SECRET, randomBytes(32).toString('hex')],
    );
    const rows = await this.db.query<{ value: string }[]>('SELECT value FROM settings WHERE key = $1', [SECRET]);
    return rows[0]?.value ?? '';
  }
}

/** Makes the file durable, and measures it. */
async function sealed(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    const { size: bytes } = await file.stat();
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}
