import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { startArgus } from '../../../src/compose';
import { readConfig } from '../../../src/config';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server';
import { startEmbeddedPostgres } from '../../../src/store/embedded-postgres';

const ADMIN_KEY = 'argus_tools-admin-key-0123456789';
const ADMIN_SECRET = 'tools-admin-secret';
export const TRUST_SECRET = 'tools-trust-secret';

export type Data = Record<string, ReturnType<typeof JSON.parse>>;

/** Argus composed as in production, before a sandbox and on a database of its own. */
export interface House {
  readonly url: string;
  readonly key: string;
  readonly sandbox: Sandbox;
  /** The data of an operation that must not fail as a whole. */
  ask(query: string, variables?: object, key?: string): Promise<Data>;
  keyOf(role: 'VIEWER' | 'ANALYST' | 'RESPONDER'): Promise<string>;
  fault(fault: object): Promise<unknown>;
  clearFaults(): Promise<unknown>;
  /** Calls the sandbox itself, as its administrator. */
  sandboxCall(method: string, path: string, body?: object): Promise<Data>;
  stop(): Promise<void>;
}

export async function startHouse(settings: Record<string, string> = {}): Promise<House> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'argus-tools-'));
  fs.chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dir: folder, durable: false });
  const sandbox = await startSandbox({
    adminSecret: ADMIN_SECRET,
    trustTokenSecret: TRUST_SECRET,
    quirks: { rateLimits: false },
  });
  const config = readConfig({
    ARGUS_PORT: '0',
    ARGUS_ADMIN_KEY: ADMIN_KEY,
    ARGUS_DATA_DIR: path.join(folder, 'data'),
    DATABASE_URL: postgres.url,
    BACKEND_URL: sandbox.url,
    BACKEND_ADMIN_SECRET: ADMIN_SECRET,
    BACKEND_TRUST_TOKEN_SECRET: TRUST_SECRET,
    ...settings,
  });
  const argus = await startArgus(config, pino({ level: process.env.ARGUS_TEST_LOG ?? 'silent' }));
  const ask: House['ask'] = async (query, variables = {}, key = ADMIN_KEY) => {
    const response = await fetch(`${argus.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Data; errors?: object };
    if (!data) throw new Error(JSON.stringify(errors));
    return data;
  };
  const sandboxCall: House['sandboxCall'] = async (method, target, body) => {
    const response = await fetch(sandbox.url + target, {
      method,
      headers: { 'content-type': 'application/json', 'x-admin-auth': ADMIN_SECRET, connection: 'close' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the sandbox refused: ${await response.text()}`);
    return (await response.json()) as Data;
  };
  return {
    url: argus.url,
    key: ADMIN_KEY,
    sandbox,
    ask,
    sandboxCall,
    async keyOf(role) {
      const mutation = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
      return (await ask(mutation, { input: { name: role, role } })).createApiKey.secret;
    },
    fault: (fault) => sandboxCall('POST', '/__sandbox/faults', fault),
    clearFaults: () => sandboxCall('DELETE', '/__sandbox/faults'),
    async stop() {
      await argus.stop();
      await sandbox.close();
      await postgres.stop();
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Waits until `probe` answers something other than null, undefined or false. */
export async function until<T>(probe: () => Promise<T>, what: string, timeoutMs = 15_000): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await pause(50);
  }
}
