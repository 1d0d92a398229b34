import { startSandbox } from '../../src/sandbox/server';

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
