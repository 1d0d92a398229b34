import { type BackendOptions, type BackendTools, createBackend } from '../../src/datasources/backend';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server';

export const ADMIN_SECRET = 'fixture-admin-secret-4711';
export const TRUST_SECRET = 'fixture-trust-secret-0815';
export const silentLog: BackendOptions['log'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
export const systemClock: BackendOptions['clock'] = { now: () => Date.now() };

export interface BackendFixture {
  readonly sandbox: Sandbox;
  readonly backend: BackendTools;
  /** Tells the sandbox to misbehave. */
  fault(fault: object): Promise<void>;
  close(): Promise<void>;
}

/** A sandbox and a datasource in front of it. */
export async function createBackendFixture(
  options: Partial<BackendOptions> = {},
  sandboxOptions: Partial<SandboxOptions> = {},
): Promise<BackendFixture> {
  const sandbox = await startSandbox({ adminSecret: ADMIN_SECRET, trustTokenSecret: TRUST_SECRET, ...sandboxOptions });
  const backend = createBackend({
    url: sandbox.url,
    adminSecret: ADMIN_SECRET,
    trustTokenSecret: TRUST_SECRET,
    log: silentLog,
    clock: systemClock,
    ...options,
  });
  return {
    sandbox,
    backend,
    async fault(fault) {
      const response = await fetch(`${sandbox.url}/__sandbox/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-admin-auth': ADMIN_SECRET, connection: 'close' },
        body: JSON.stringify(fault),
      });
      if (!response.ok) throw new Error(`the sandbox refused the fault: ${await response.text()}`);
      await response.text();
    },
    async close() {
      await backend.close();
      await sandbox.close();
    },
  };
}
