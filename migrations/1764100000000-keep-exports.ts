import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Files that Argus has made and hands out. Forward only; never edited. */
export class KeepExports1764100000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE exports (
      id uuid PRIMARY KEY,
      file_name text NOT NULL,
      media_type text NOT NULL,
      bytes bigint NOT NULL,
      sha256 text NOT NULL,
      requested_by text NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      expires_at timestamptz(3) NOT NULL
    )`);
    await db.query('CREATE INDEX exports_by_expiry ON exports (expires_at)');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward.'));
  }
}
