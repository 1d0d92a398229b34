import { auditServer } from 'graphql-http';
import { post, SECRET, send, startToy, type Toy, until } from '../../support/toy-gateway';

let toy: Toy;
beforeAll(async () => {
  toy = await startToy();
});
afterAll(() => toy.drain());
beforeEach(() => {
  toy.logged.length = 0;
});

const authorization = 'Bearer admin';

describe('the graphql-http audit suite', () => {
  it('is passed but for what we keep on purpose', async () => {
    const results = await auditServer({
      url: toy.graphql,
      fetchFn: (url: string, init?: RequestInit) =>
        fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), authorization } }),
    });
    const idsOf = (status: string): string[] =>
      results
        .filter((one) => one.status === status)
        .map(({ id }) => id)
        .sort();
    expect(results).toHaveLength(61);
    expect(idsOf('error')).toEqual([]);
    // SHOULD answer 200 to a refused request when the client takes application/json: we answer 400, which proxies see.
    expect(idsOf('warn')).toEqual(['572B', '7B9B', 'FDE2']);
    // MAY take GET without a preflight: CSRF prevention refuses it.
    expect(idsOf('notice')).toEqual(['5A70', '6A70', 'D6D5']);
    expect(idsOf('ok')).toHaveLength(55);
  });
});

describe('POST /graphql', () => {
  it('runs queries and mutations', async () => {
    const query = await post(toy, { query: 'query ($n: String) { hello(name: $n) me }', variables: { n: 'x' } });
    expect(query.status).toBe(200);
    expect(query.body).toEqual({ data: { hello: 'hello x', me: 'admin' } });
    expect((await post(toy, { query: 'mutation { add(a: 1, b: 2) }' })).body.data).toEqual({ add: 3 });
  });

  it('echoes a sane request id, makes one otherwise, and puts it into errors', async () => {
    const given = await post(toy, { query: '{ forbidden }' }, 'admin', { 'x-request-id': 'trace-7' });
    expect(given.headers.get('x-request-id')).toBe('trace-7');
    expect(given.body.errors?.[0]?.extensions.requestId).toBe('trace-7');
    const made = await post(toy, { query: '{ me }' }, 'admin', { 'x-request-id': 'x'.repeat(65) });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['a syntax error', { query: '{ me ' }, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: '{ nope }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of the wrong type',
      { query: 'query ($n: Int!) { wait(ms: $n) }', variables: { n: 'x' } },
      400,
      'INVALID_INPUT',
    ],
    ['a missing variable', { query: 'query ($n: Int!) { wait(ms: $n) }' }, 400, 'INVALID_INPUT'],
    ['an unknown operation', { query: 'query A { me }', operationName: 'B' }, 400, 'INVALID_INPUT'],
    ['an ambiguous operation', { query: 'query A { me } query B { me }' }, 400, 'INVALID_INPUT'],
    ['a subscription', { query: 'subscription { items { text } }' }, 400, 'INVALID_INPUT'],
    ['a batch', [{ query: '{ me }' }], 400, 'INVALID_INPUT'],
    ['no query', { variables: {} }, 400, 'INVALID_INPUT'],
    ['a query that is no text', { query: 7 }, 400, 'INVALID_INPUT'],
    ['a body that is no object', '"text"', 400, 'INVALID_INPUT'],
    ['broken JSON', '{"query":', 400, 'INVALID_JSON'],
    ['malformed UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, 'INVALID_ENCODING'],
    [
      'a persisted query',
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
      200,
      'PERSISTED_QUERY_NOT_SUPPORTED',
    ],
  ])('refuses %s', async (_name, payload, status, code) => {
    const answer = await post(toy, payload);
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([status, code]);
    expect(answer.body.errors?.[0]?.extensions).toMatchObject({
      requestId: answer.headers.get('x-request-id'),
      retryable: false,
    });
    expect(answer.text).not.toMatch(/stack|node_modules/);
    expect(toy.errors()).toEqual([]);
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a content encoding', { 'content-encoding': 'gzip' }],
  ])('answers 415 to %s', async (_name, headers) => {
    const answer = await post(toy, { query: '{ me }' }, 'admin', headers);
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('answers 413 to a body over 1 MiB, announced or not', async () => {
    const big = JSON.stringify({ query: '{ me }', pad: 'x'.repeat(1024 * 1024) });
    const announced = await post(toy, big);
    expect([announced.status, announced.body.errors?.[0]?.extensions.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const streamed = await send(toy.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: new Blob([big]).stream(),
      duplex: 'half',
    });
    expect([streamed.status, streamed.body.errors?.[0]?.extensions.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('refuses strangers with a GraphQL-shaped 401', async () => {
    for (const key of ['wrong', '']) {
      const answer = await post(toy, { query: '{ me }' }, key);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body.errors).toMatchObject([
        { message: 'Send a valid API key.', extensions: { code: 'UNAUTHENTICATED' } },
      ]);
    }
  });

  it('answers in the media type that the client prefers', async () => {
    const modern = { accept: 'application/graphql-response+json, application/json;q=0.9' };
    for (const query of ['{ me }', '{ nope }']) {
      expect((await post(toy, { query }, 'admin', modern)).headers.get('content-type')).toMatch(
        'graphql-response+json',
      );
      expect((await post(toy, { query })).headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
    expect((await post(toy, { query: '{ me }' }, 'no', modern)).headers.get('content-type')).toMatch(
      'graphql-response+json',
    );
  });
});

describe('GET /graphql', () => {
  const preflight = { authorization, 'apollo-require-preflight': '1' };

  it('runs queries only, and only from callers that a browser form cannot imitate', async () => {
    const query = await send(`${toy.graphql}?query={me}`, { headers: preflight });
    expect(query.body).toEqual({ data: { me: 'admin' } });
    expect((await send(`${toy.graphql}?query={me}`, { headers: { authorization } })).status).toBe(400);
    const mutation = await send(`${toy.graphql}?query=mutation{add(a:1,b:2)}`, { headers: preflight });
    expect([mutation.status, mutation.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('passes the same gate', async () => {
    const answer = await send(`${toy.graphql}?query={nope}`, { headers: preflight });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });

  it('serves no landing page', async () => {
    const answer = await send(toy.graphql, { headers: { authorization, accept: 'text/html' } });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/<html/i);
  });
});

describe('errors of resolvers', () => {
  it('masks the unexpected and logs it once, with the id that the client was told', async () => {
    const answer = await post(toy, { query: '{ boom me }' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ boom: null, me: 'admin' });
    expect(answer.body.errors).toMatchObject([
      { message: 'Internal error', path: ['boom'], extensions: { code: 'INTERNAL', retryable: true } },
    ]);
    expect(answer.text).not.toContain('hunter2');
    expect(toy.errors()).toHaveLength(1);
    expect(toy.errors()[0]?.fields).toMatchObject({
      requestId: answer.headers.get('x-request-id'),
      err: { message: expect.stringContaining(SECRET) },
    });
  });

  it('masks a value that a scalar cannot serialise', async () => {
    const answer = await post(toy, { query: '{ badInt }' });
    expect(answer.body.errors?.[0]).toMatchObject({ message: 'Internal error', extensions: { code: 'INTERNAL' } });
    expect(answer.text).not.toContain('hunter2');
  });

  it('keeps the words of an ArgusError', async () => {
    const answer = await post(toy, { query: '{ forbidden cursorish(after: "bad") }' });
    expect(answer.body.errors).toMatchObject([
      { message: 'You may not see this.', extensions: { code: 'FORBIDDEN', retryable: false } },
      { extensions: { code: 'INVALID_CURSOR', inputPath: ['after'] } },
    ]);
    expect(toy.errors()).toEqual([]);
  });

  it('masks a context that cannot be made', async () => {
    const broken = await startToy({ makeContext: () => Promise.reject(new Error(SECRET)) });
    const answer = await post(broken, { query: '{ me }' });
    expect([answer.status, answer.body.errors?.[0]?.message]).toEqual([500, 'Internal error']);
    expect(broken.errors()).toHaveLength(1);
    await broken.drain();
  });
});

it('tells the context when the client leaves', async () => {
  let aborted = false;
  const watched = await startToy({
    makeContext: ({ principal, requestId, signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return { principal, requestId, serial: 0 };
    },
  });
  const leave = new AbortController();
  const call = fetch(watched.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: '{ wait(ms: 500) }' }),
    signal: leave.signal,
  });
  setTimeout(() => leave.abort(), 100);
  await expect(call).rejects.toThrow();
  await until(() => aborted);
  expect(watched.errors()).toEqual([]);
  await watched.drain();
});
