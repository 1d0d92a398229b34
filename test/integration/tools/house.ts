import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type Data, type Role, startTestArgus } from '../../support/argus';

export { until } from '../../support/until';
export { type Data } from '../../support/argus';

/** Argus composed as in production, before a sandbox and on a database of its own. */
export interface House {
  readonly url: string;
  readonly key: string;
  readonly backendUrl: string;
  /** What the sandbox signs trust tokens with. */
  readonly trustSecret: string;
  /** The data of an operation that must succeed. */
  ask(query: string, variables?: object, key?: string): Promise<Data>;
  keyOf(role: Role): Promise<string>;
  fault(fault: object): Promise<unknown>;
  clearFaults(): Promise<unknown>;
  /** Calls the sandbox itself, as its administrator. */
  sandboxCall(method: string, path: string, body?: object): Promise<Data>;
  stop(): Promise<void>;
}

export async function startHouse(): Promise<House> {
  const folder = mkdtempSync(path.join(tmpdir(), 'argus-tools-'));
  const argus = await startTestArgus({ settings: { ARGUS_DATA_DIR: folder } });
  const { settings, url: backendUrl } = argus.backend;
  const sandboxCall: House['sandboxCall'] = async (method, target, body) => {
    const response = await fetch(backendUrl + target, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-admin-auth': settings.BACKEND_ADMIN_SECRET ?? '',
        connection: 'close',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the sandbox refused: ${await response.text()}`);
    return (await response.json()) as Data;
  };
  return {
    url: argus.url,
    key: argus.adminKey,
    backendUrl,
    trustSecret: settings.BACKEND_TRUST_TOKEN_SECRET ?? '',
    ask: (query, variables, key) => argus.ask(query, variables, key),
    keyOf: (role) => argus.keyFor(role),
    sandboxCall,
    fault: (fault) => sandboxCall('POST', '/__sandbox/faults', fault),
    clearFaults: () => sandboxCall('DELETE', '/__sandbox/faults'),
    async stop() {
      await argus.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
