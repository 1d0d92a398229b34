import 'reflect-metadata';
import { pino } from 'pino';
import { type ArgusHooks, startArgus } from '../../src/compose';
import { readConfig } from '../../src/config';
import { startSandbox } from '../../src/sandbox/server';
import { Api } from './api';
import { createTestDatabase, type TestDatabase } from './postgres';

export { until } from './until';
export * from './api';

const ADMIN_KEY = 'argus_test-admin-key-0123456789';
const ADMIN_SECRET = 'sandbox-admin-secret';
const TRUST_TOKEN_SECRET = 'sandbox-trust-secret';

/** The sandbox backend of a test, with the switches that make it fail. */
export interface TestBackend {
  readonly url: string;
  /** Settings that make an Argus use it. */
  readonly settings: Record<string, string>;
  fault(fault: { kind: string; path?: string; times?: number; status?: number; ms?: number }): Promise<void>;
  clearFaults(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestBackend(): Promise<TestBackend> {
  const sandbox = await startSandbox({
    adminSecret: ADMIN_SECRET,
    trustTokenSecret: TRUST_TOKEN_SECRET,
    quirks: { rateLimits: false },
  });
  const control = async (method: string, body?: object): Promise<void> => {
    const response = await fetch(`${sandbox.url}/__sandbox/faults`, {
      method,
      headers: { 'content-type': 'application/json', 'x-admin-auth': ADMIN_SECRET },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the sandbox refused: ${await response.text()}`);
  };
  return {
    url: sandbox.url,
    settings: {
      BACKEND_URL: sandbox.url,
      BACKEND_ADMIN_SECRET: ADMIN_SECRET,
      BACKEND_TRUST_TOKEN_SECRET: TRUST_TOKEN_SECRET,
    },
    fault: (fault) => control('POST', fault),
    clearFaults: () => control('DELETE'),
    close: () => sandbox.close(),
  };
}

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
