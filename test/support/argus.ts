import 'reflect-metadata';
import { pino } from 'pino';
import { type ArgusHooks, startArgus } from '../../src/compose';
import { readConfig } from '../../src/config';
import { Api } from './api';
import { startTestBackend, type TestBackend } from './backend';
import { createTestDatabase, type TestDatabase } from './postgres';

export { until } from './until';
export * from './api';
export { startTestBackend, type TestBackend } from './backend';

const ADMIN_KEY = 'argus_test-admin-key-0123456789';

export interface TestArgusOptions extends ArgusHooks {
  /** A database that other Argus share; a clone of its own unless given. */
  readonly database?: TestDatabase;
  readonly backend?: TestBackend;
  readonly settings?: Record<string, string>;
}

/** The composed house in this process, on a database and with a backend of its own. */
export interface TestArgus extends Api {
  readonly database: TestDatabase;
  readonly backend: TestBackend;
  stop(): Promise<void>;
}

export async function startTestArgus(options: TestArgusOptions = {}): Promise<TestArgus> {
  const { settings, onStatement } = options;
  const database = options.database ?? (await createTestDatabase());
  const backend = options.backend ?? (await startTestBackend());
  const config = readConfig({
    ARGUS_PORT: '0',
    ARGUS_ADMIN_KEY: ADMIN_KEY,
    DATABASE_URL: database.url,
    ...backend.settings,
    ...settings,
  });
  const argus = await startArgus(config, pino({ level: process.env.ARGUS_TEST_LOG ?? 'silent' }), {
    ...(onStatement && { onStatement }),
  });
  const stop = async (): Promise<void> => {
    await argus.stop();
    if (!options.backend) await backend.close();
    if (!options.database) await database.drop();
  };
  return Object.assign(new Api(argus.url, ADMIN_KEY), { database, backend, stop });
}
