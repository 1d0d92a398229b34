import 'reflect-metadata';
import { runMigrations as migrateJobs } from 'graphile-worker';
import { Client } from 'pg';
import { DataSource, type EntityManager, type Logger } from 'typeorm';
import { LayTheFoundations1764000000000 } from '../../migrations/1764000000000-lay-the-foundations';
import { KeepExports1764100000000 } from '../../migrations/1764100000000-keep-exports';
import { storable } from '../domain/json';
import { ApiKey } from '../entities/api-key.entity';
import { Event } from '../entities/event.entity';
import { Finding } from '../entities/finding.entity';
import { Incident } from '../entities/incident.entity';
import { Override } from '../entities/override.entity';
import { Response, ResponseStep } from '../entities/response.entity';
import { TimelineEntry } from '../entities/timeline-entry.entity';

/** Whatever runs SQL: the pool or one transaction. */
export type Sql = Pick<EntityManager, 'query'>;

/** TypeORM answers UPDATE and DELETE … RETURNING as [rows, count]; this answers the rows. */
export async function updated<Row>(sql: Sql, statement: string, parameters: unknown[]): Promise<readonly Row[]> {
  const [rows] = await sql.query<[Row[], number]>(statement, parameters);
  return rows;
}

/**
 * JSON text that Postgres takes whatever its strings hold. Text of events runs through findings into every table; one NUL
 * or half of a surrogate pair would make the whole statement fail, again at each new try.
 */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? storable(item) : item));
}

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections of the pool; 20 unless told. */
  readonly poolSize?: number;
  /** Called with each statement sent, for tests that count them. */
  readonly onStatement?: (sql: string) => void;
}

/** Any number that is ours alone among the advisory locks of the database: "ARGUS" in ASCII. */
export const ADVISORY_LOCK = { MIGRATE: 0x4152475553, EVENT_LOG: 0x4152475554 } as const;

/**
 * Opens the pool on a database whose schema is current: migrations run first, under a session-level advisory lock on a
 * connection of their own, so that of several starting replicas one migrates and the others wait.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: 'argus',
    entities: [ApiKey, Event, Finding, Incident, Override, Response, ResponseStep, TimelineEntry],
    migrations: [LayTheFoundations1764000000000, KeepExports1764100000000],
    migrationsTableName: 'argus_migrations',
    synchronize: false,
    parseInt8: true,
    poolSize: options.poolSize ?? 20,
    // A transaction that stalls would hold up everyone behind the event log's lock.
    extra: { statement_timeout: 30_000, idle_in_transaction_session_timeout: 30_000 },
    ...(options.onStatement ? { logging: ['query'], logger: statementLogger(options.onStatement) } : {}),
  });
  await dataSource.initialize();
  try {
    await migrate(dataSource, options.url);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}

async function migrate(dataSource: DataSource, url: string): Promise<void> {
  const locker = new Client({ connectionString: url, application_name: 'argus-migrate' });
  await locker.connect();
  try {
    await locker.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK.MIGRATE]);
    await dataSource.runMigrations({ transaction: 'each' });
    await migrateJobs({ connectionString: url });
    await makePartitions(dataSource.manager, new Date());
  } finally {
    await locker.end(); // and with the session goes the lock
  }
}

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;

/** Makes the daily partitions of `events` for today and the next seven days. Idempotent. */
export async function makePartitions(sql: Sql, today: Date): Promise<void> {
  for (let ahead = -1; ahead <= DAYS_AHEAD; ahead++) {
    const from = dayOf(today.getTime() + ahead * DAY_MS);
    const to = dayOf(today.getTime() + (ahead + 1) * DAY_MS);
    await sql.query(
      `CREATE TABLE IF NOT EXISTS events_${from.replaceAll('-', '')} PARTITION OF events FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
}

/** The UTC day of a time in ms since 1970-01-01, as YYYY-MM-DD. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function statementLogger(onStatement: (sql: string) => void): Logger {
  const ignore = (): void => undefined;
  return {
    logQuery: onStatement,
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  };
}
