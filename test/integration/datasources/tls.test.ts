import { createBackend } from '../../../src/datasources/backend';
import { type Authority, createAuthority, type Identity } from '../../support/certificates';
import { ADMIN_SECRET, silentLog, systemClock, TRUST_SECRET } from '../../support/backend-fixture';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server';

const common = { adminSecret: ADMIN_SECRET, trustTokenSecret: TRUST_SECRET, log: silentLog, clock: systemClock };
let ours: Authority;
let theirs: Authority;
let server: Identity;
let client: Identity;
let stranger: Identity;
let sandbox: Sandbox;

beforeAll(async () => {
  ours = await createAuthority('ours');
  theirs = await createAuthority('theirs');
  [server, client, stranger] = await Promise.all([ours.issue('backend'), ours.issue('argus'), theirs.issue('argus')]);
  const tls = { ...server, clientCa: ours.cert, other: await theirs.issue('backend') };
  sandbox = await startSandbox({ adminSecret: ADMIN_SECRET, trustTokenSecret: TRUST_SECRET, tls });
});
afterAll(() => sandbox.close());

async function outcome(tls: { ca?: string; cert?: string; key?: string }): Promise<string> {
  const backend = createBackend({ ...common, url: sandbox.url, tls, policies: { HEALTH: { attempts: 1 } } });
  try {
    expect(backend.status()).toMatchObject({ tls: true, mutualTls: tls.cert !== undefined });
    return (await backend.health.check()).status;
  } catch (error) {
    return (error as { failure: string }).failure;
  } finally {
    await backend.close();
  }
}

describe('mutual TLS', () => {
  it('lets both sides through with certificates of the pinned authority', async () => {
    expect(await outcome({ ca: ours.cert, ...client })).toBe('healthy');
  });

  it('refuses a backend of another authority', async () => {
    expect(await outcome({ ca: theirs.cert, ...client })).toBe('CONNECTION_FAILED');
    expect(await outcome({ ...client })).toBe('CONNECTION_FAILED');
  });

  it('is refused by the backend without a certificate or with a stranger’s', async () => {
    expect(['CONNECTION_FAILED', 'CONNECTION_LOST']).toContain(await outcome({ ca: ours.cert }));
    expect(['CONNECTION_FAILED', 'CONNECTION_LOST']).toContain(await outcome({ ca: ours.cert, ...stranger }));
  });

  it('notices that the backend’s certificate has changed', async () => {
    const backend = createBackend({ ...common, url: sandbox.url, tls: { ca: ours.cert, ...client } });
    const admin = createBackend({ ...common, url: sandbox.url, tls: { ca: ours.cert, ...client } });
    await backend.health.check();
    await admin.close();
    await changeCertificate(sandbox.url);
    const fresh = { ca: ours.cert, ...client };
    expect(await outcome(fresh)).toBe('CONNECTION_FAILED');
    expect(await outcome({ ca: theirs.cert, ...client })).toBe('healthy');
    await backend.close();
  });
});

describe('the address of the backend', () => {
  it.each(['http://backend.example:3000', 'http://10.0.0.1', 'ftp://127.0.0.1', 'nonsense', 'https://u:p@h'])(
    '%s is refused',
    (url) =>
      expect(() => createBackend({ ...common, url })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' })),
  );

  it.each(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1', 'https://backend.example'])(
    '%s is accepted',
    async (url) => createBackend({ ...common, url }).close(),
  );

  it('may be plain http elsewhere only when that is allowed', async () => {
    await createBackend({ ...common, url: 'http://backend.example', allowHttp: true }).close();
  });

  it('needs the key of a client certificate', () => {
    const tls = { cert: client.cert };
    expect(() => createBackend({ ...common, url: sandbox.url, tls })).toThrow(/needs its key/);
  });
});

async function changeCertificate(url: string): Promise<void> {
  const { request, Agent } = await import('undici');
  const dispatcher = new Agent({ connect: { ca: ours.cert, cert: client.cert, key: client.key } });
  const response = await request(`${url}/__sandbox/faults`, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json', 'x-admin-auth': ADMIN_SECRET },
    body: JSON.stringify({ kind: 'CERTIFICATE_CHANGE' }),
  });
  expect(response.statusCode).toBe(200);
  await response.body.dump();
  await dispatcher.close();
}
