import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { readJsonBody } from '../../../src/gateway/body';
import { type Handler, type Route } from '../../../src/gateway/router';
import { SECRET, send, startToy, type Toy, until } from '../../support/toy-gateway';

const route = (methods: readonly string[], pattern: string, handler: Handler, authenticated = false): Route => ({
  methods,
  pattern,
  handler,
  authenticated,
});

let bodiesAsked = 0;
let aborted = 0;
const routes: readonly Route[] = [
  route(
    ['POST'],
    '/ingest/:stream',
    async (req, res, { params, principal, search }) => {
      bodiesAsked++;
      const body = await readJsonBody(req, 1_000);
      res.end(JSON.stringify({ stream: params.stream, who: principal?.name, search, body }));
    },
    true,
  ),
  route(['GET', 'HEAD'], '/open', (_req, res, { principal }) => void res.end(principal ? 'someone' : 'nobody')),
  route(['GET'], '/boom', () => Promise.reject(new Error(SECRET))),
  route(['GET'], '/half', async (_req, res) => {
    res.write('half');
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error(SECRET);
  }),
  route(['GET'], '/slow', async (_req, res, { signal }) => {
    signal.addEventListener('abort', () => aborted++);
    await new Promise((resolve) => setTimeout(resolve, 300));
    res.end('slow');
  }),
];

let toy: Toy;
beforeEach(async () => {
  bodiesAsked = 0;
  aborted = 0;
  toy = await startToy({ routes, schemaText: 'type Query { ok: Int }' });
});
afterEach(() => toy.drain());

/** Writes raw bytes and reads until the server closes or `enough` is read. */
async function raw(bytes: string, enough?: RegExp): Promise<string> {
  const socket = connect(toy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  socket.on('error', () => undefined);
  socket.write(bytes);
  const closed = once(socket, 'close');
  if (enough) await Promise.race([closed, until(() => enough.test(text))]);
  else await closed;
  socket.destroy();
  return text;
}

describe('routes', () => {
  it('get their parameters, their search and who calls', async () => {
    const init = {
      method: 'POST',
      headers: { authorization: 'Bearer viewer', 'content-type': 'application/json' },
      body: '[1]',
    };
    const answer = await send(`${toy.url}/ingest/auth.log?dry=1`, init);
    expect(JSON.parse(answer.text)).toEqual({ stream: 'auth.log', who: 'viewer', search: '?dry=1', body: [1] });
    expect((await send(`${toy.url}/open`, init.headers as never)).text).toBe('nobody');
  });

  it.each([
    ['GET', '/nothing', 404, 'NOT_FOUND'],
    ['GET', '/ingest/x', 405, 'METHOD_NOT_ALLOWED'],
    ['PUT', '/graphql', 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/open/%zz', 404, 'NOT_FOUND'],
    ['POST', '/ingest/%zz', 400, 'INVALID_INPUT'],
    ['POST', '/ingest/x', 401, 'UNAUTHENTICATED'],
    ['GET', '/boom', 500, 'INTERNAL'],
  ])('%s %s is answered %d %s', async (method, path, status, code) => {
    const answer = await send(toy.url + path, { method, headers: { 'x-request-id': 'r-1' } });
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
    expect(answer.body.error?.requestId).toBe('r-1');
    expect(answer.text).not.toMatch(/hunter2|stack|\.ts/);
    expect(toy.errors()).toHaveLength(status === 500 ? 1 : 0);
  });

  it('says which methods a path takes and how to authenticate', async () => {
    expect((await send(`${toy.url}/graphql`, { method: 'DELETE' })).headers.get('allow')).toBe('POST, GET');
    expect((await send(`${toy.url}/ingest/x`, { method: 'POST' })).headers.get('www-authenticate')).toBe('Bearer');
  });

  it('sets security headers on every answer', async () => {
    for (const path of ['/open', '/nothing', '/livez', '/boom']) {
      const { headers } = await send(toy.url + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('cuts the connection when an answer breaks half-way, for it cannot be mended', async () => {
    await expect(send(`${toy.url}/half`)).rejects.toThrow();
    expect(toy.errors()).toHaveLength(1);
  });

  it('tells a handler that its client left, and logs no error', async () => {
    const leave = new AbortController();
    const call = fetch(`${toy.url}/slow`, { signal: leave.signal });
    setTimeout(() => leave.abort(), 50);
    await expect(call).rejects.toThrow();
    await until(() => aborted === 1);
    expect(toy.errors()).toEqual([]);
  });
});

describe('bodies', () => {
  const head = (extra: string, authorization = 'Bearer admin'): string =>
    `POST /ingest/x HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n${extra}\r\n\r\n`;

  it('are asked for only when they are welcome (100-continue)', async () => {
    const welcome = await raw(`${head('content-length: 2\r\nexpect: 100-continue')}{}`, /"body"/);
    expect(welcome).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    expect(bodiesAsked).toBe(1);
    const stranger = await raw(head('content-length: 2\r\nexpect: 100-continue', 'Bearer no'), /UNAUTHENTICATED/);
    expect(stranger).toMatch(/^HTTP\/1.1 401/);
    expect(bodiesAsked).toBe(1);
    expect(await raw(head('content-length: 2\r\nexpect: magic'), /INVALID_INPUT/)).toMatch(/^HTTP\/1.1 400/);
  });

  it('too large are answered 413 in full before the connection closes', async () => {
    const announced = await raw(head('content-length: 5000') + 'x'.repeat(5_000));
    expect(announced).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*BODY_TOO_LARGE[^]*}$/i);
    const chunk = `800\r\n${'x'.repeat(0x800)}\r\n`;
    expect(await raw(head('transfer-encoding: chunked') + chunk)).toMatch(/^HTTP\/1.1 413 [^]*BODY_TOO_LARGE[^]*}$/);
  });

  it('that never end do not hold a refused connection', async () => {
    const start = Date.now();
    expect(await raw(head('content-length: 100000000'))).toMatch(/^HTTP\/1.1 413/);
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it('cut off leave no error and no handler behind', async () => {
    const socket: Socket = connect(toy.port, '127.0.0.1');
    socket.write(`${head('content-length: 500')}{"a":`);
    await until(() => bodiesAsked === 1);
    socket.destroy();
    await until(() => toy.logged.some(({ message }) => message.includes('client left')));
    expect(toy.errors()).toEqual([]);
  });

  it('leave the connection usable when they are read to the end', async () => {
    const twice = head('content-length: 2') + '{}' + head('content-length: 2\r\nconnection: close') + '{}';
    expect((await raw(twice)).match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });
});

describe('broken HTTP', () => {
  it.each([
    ['nonsense', 'HELO argus\r\n\r\n', 400],
    ['a header of 20 KiB', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST /ingest/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
    [
      'smuggling',
      'POST /ingest/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('as %s is answered with a typed error', async (_name, bytes, status) => {
    const text = await raw(bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(text).toContain('"code":"INVALID_INPUT"');
  });
});

describe('probes', () => {
  it('tell that the process turns and serve the schema, to everyone', async () => {
    expect((await send(`${toy.url}/livez`)).body).toEqual({ status: 'ok' });
    expect((await send(`${toy.url}/schema.graphql`)).text).toBe('type Query { ok: Int }');
    const head = request(`${toy.url}/livez`, { method: 'HEAD' }).end();
    const [response] = (await once(head, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(200);
  });

  it('are ready when every check is, within its deadline, and say no more than that', async () => {
    expect(await send(`${toy.url}/readyz`)).toMatchObject({ status: 200, body: { status: 'ok', checks: {} } });
    let stopped = false;
    const unready = await startToy({
      limits: { readinessTimeoutMs: 50 },
      readiness: {
        store: () => Promise.resolve(),
        backend: () => Promise.reject(new Error(SECRET)),
        stuck: (signal) => new Promise(() => signal.addEventListener('abort', () => (stopped = true))),
        throws: () => {
          throw new Error(SECRET);
        },
      },
    });
    const answer = await send(`${unready.url}/readyz`);
    expect(answer).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        checks: {
          store: { status: 'ok' },
          backend: { status: 'failed' },
          stuck: { status: 'timeout' },
          throws: { status: 'failed' },
        },
      },
    });
    expect(answer.text).not.toContain('hunter2');
    expect(stopped).toBe(true);
    await unready.drain();
  });
});
