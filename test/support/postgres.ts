import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { openDatabase } from '../../src/store/database';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres';

/** Where the one server of a test run is: set by the global set-up, read by the tests. */
const URL_VARIABLE = 'ARGUS_TEST_POSTGRES';
const TEMPLATE = 'argus_template';
const FOLDER_PREFIX = 'argus-test-';

/** A migrated database of its own, a clone of the template. */
export interface TestDatabase {
  readonly url: string;
  /** Runs one statement on a connection of its own and answers the rows. */
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Ends every connection to it and drops it. */
  drop(): Promise<void>;
}

/** A fresh folder that the account of PostgreSQL may enter, marked with the process that owns it. */
export function testFolder(): string {
  const folder = fs.mkdtempSync(path.join(tmpdir(), FOLDER_PREFIX));
  fs.chmodSync(folder, 0o755);
  fs.writeFileSync(path.join(folder, 'owner.pid'), String(process.pid));
  return folder;
}

/** Stops the server in a folder of `testFolder`, if one runs there, and removes the folder. */
export async function removeTestFolder(folder: string): Promise<void> {
  const lock = path.join(folder, 'postgres', 'data', 'postmaster.pid');
  const pid = fs.existsSync(lock) ? Number(fs.readFileSync(lock, 'utf8').split('\n')[0]) : 0;
  if (pid > 1 && runs(pid, folder)) {
    process.kill(pid, 'SIGQUIT'); // at once: the data goes with the folder
    while (runs(pid, folder)) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function runs(pid: number, folder: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
  } catch {
    return false;
  }
}

/** Removes what a test run left behind that was itself killed. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const name of fs.readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    const folder = path.join(tmpdir(), name);
    const owner = path.join(folder, 'owner.pid');
    if (fs.existsSync(owner) && !fs.existsSync(`/proc/${fs.readFileSync(owner, 'utf8')}`)) {
      await removeTestFolder(folder);
    }
  }
}

/** Starts the server of this run and makes the template. Answers how to stop it. */
export async function startTestPostgres(): Promise<() => Promise<void>> {
  const folder = testFolder();
  const server = await startEmbeddedPostgres({ dir: folder, durable: false });
  process.env[URL_VARIABLE] = server.url;
  await run(server.url, `CREATE DATABASE ${TEMPLATE}`);
  const template = await openDatabase({ url: named(server.url, TEMPLATE), poolSize: 2 });
  await template.destroy();
  // Nobody connects to it any more: a database with connections cannot be cloned.
  await run(server.url, `ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
  await run(server.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${TEMPLATE}'`);
  return () => removeTestFolder(folder);
}

/** A clone of the template, for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env[URL_VARIABLE];
  if (server === undefined) throw new Error('The global set-up has started no PostgreSQL: see jest.config.cjs.');
  const name = `t_${randomBytes(6).toString('hex')}`;
  await run(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const url = named(server, name);
  const client = new Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  let last: Promise<unknown> = Promise.resolve();
  return {
    url,
    query: <Row extends object>(sql: string, parameters: readonly unknown[] = []) => {
      const work = last.then(async () => (await client.query<Row>(sql, [...parameters])).rows);
      last = work.catch(() => undefined);
      return work;
    },
    drop: async () => {
      await client.end();
      await run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

function named(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'test' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
