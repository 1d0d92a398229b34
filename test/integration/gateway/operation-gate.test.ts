import { getIntrospectionQuery } from 'graphql';
import { ProtocolSocket } from '../../support/protocol-socket';
import { type Answer, post, startToy, type Toy } from '../../support/toy-gateway';

let toy: Toy;
beforeAll(async () => {
  toy = await startToy();
});
afterAll(() => toy.drain());

type Errors = NonNullable<Answer['body']['errors']>;

/** The errors of an operation over HTTP, which must be a 400, and over WebSocket, which must leave the socket open. */
async function refusals(query: string, key = 'admin', variables?: object): Promise<readonly [Errors, Errors]> {
  const http = await post(toy, { query, ...(variables && { variables }) }, key);
  expect(http.status).toBe(400);
  const client = await ProtocolSocket.open(toy.ws, key);
  client.subscribe('1', query, variables);
  const message = await client.next();
  expect(message.type).toBe('error');
  client.send({ type: 'ping' });
  expect(await client.next()).toEqual({ type: 'pong' });
  client.close();
  return [http.body.errors ?? [], message.payload as Errors];
}

const repeat = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => piece(i)).join(' ');
const nested = (depth: number): string => `${'{ self '.repeat(depth - 1)}{ me }${' }'.repeat(depth - 1)}`;
/** Each fragment spreads the one before twice: 2^levels fields in a short text. */
const exponential = (levels: number): string =>
  `{ ...F${levels} } fragment F0 on Query { me } ${repeat(levels, (i) => `fragment F${i + 1} on Query { ...F${i} ...F${i} }`)}`;

const limited: [string, string, string, number, number][] = [
  ['a deep document', nested(40), 'depth', 15, 40],
  ['a very deep document', nested(400), 'nesting', 100, 101],
  ['a wide document', `{ ${repeat(600, () => 'me')} }`, 'fields', 500, 600],
  ['many root fields', `{ ${repeat(21, () => 'me')} }`, 'rootFields', 20, 21],
  ['many aliases', `{ self { ${repeat(60, (i) => `a${i}: me`)} } }`, 'aliases', 50, 60],
  ['a flood of directives', `{ me ${repeat(51, () => '@include(if: true)')} }`, 'directives', 50, 51],
  ['directives on the operation', `query ${repeat(51, () => '@x')} { me }`, 'directives', 50, 51],
  ['exponential fragments', exponential(30), 'fields', 500, 2 ** 30],
  ['exponential fragments beyond any number', exponential(150), 'fields', 500, Number.MAX_SAFE_INTEGER],
  [
    'exponential depth by fragments',
    `{ ...F30 } fragment F0 on Query { me } ${repeat(30, (i) => `fragment F${i + 1} on Query { self { ...F${i} } }`)}`,
    'depth',
    15,
    31,
  ],
  ['a long document', `{ ${repeat(3_000, () => 'me')} }`, 'tokens', 2_000, 2_001],
  ['a document of brackets', `{ tags(tags: ${'['.repeat(5_000)}`, 'nesting', 100, 101],
  ['a heavy operation beside a light one', `query A { me } query B ${nested(40)}`, 'depth', 15, 40],
];

describe('the gate, over HTTP and WebSocket alike', () => {
  it.each(limited)('refuses %s', async (_name, query, limitName, limit, actual) => {
    for (const errors of await refusals(query)) {
      const found = errors.find(({ extensions }) => extensions.limitName === limitName);
      expect(found?.extensions).toMatchObject({ code: 'GRAPHQL_TOO_COMPLEX', limit, actual, retryable: false });
      expect(found?.message).toContain(limitName);
    }
  });

  it.each([
    ['itself', '{ ...A } fragment A on Query { me ...A }'],
    ['each other', '{ ...A } fragment A on Query { self { ...B } } fragment B on Query { self { ...A } }'],
    ['each other, unused', '{ me } fragment A on Query { ...B } fragment B on Query { ...A }'],
  ])('refuses fragments that spread %s', async (_name, query) => {
    for (const errors of await refusals(query)) {
      expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(errors.some(({ message }) => message.includes('Cannot spread fragment'))).toBe(true);
    }
  });

  it('refuses deeply nested variables', async () => {
    let input: object = { tagName: 'x' };
    for (let depth = 0; depth < 100; depth++) input = { tagName: 'x', nested: input };
    for (const errors of await refusals('query ($i: TagInput) { tags(input: $i) }', 'admin', { i: input })) {
      expect(errors[0]?.extensions).toMatchObject({
        code: 'GRAPHQL_TOO_COMPLEX',
        limitName: 'variablesDepth',
        limit: 32,
      });
    }
  });

  it('takes a huge literal without echoing it', async () => {
    const huge = 'x'.repeat(500_000);
    expect((await post(toy, { query: `{ hello(name: "${huge}") }` })).status).toBe(200);
    for (const errors of await refusals(`{ wait(ms: "${huge}") }`)) {
      expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(JSON.stringify(errors).length).toBeLessThan(2_000);
    }
  });

  it('tells at most 15 of many mistakes', async () => {
    for (const errors of await refusals(`{ self { ${repeat(100, (i) => `x${i}`)} } }`)) {
      expect(errors.length).toBeLessThanOrEqual(16);
    }
  });

  it.each([
    '{ __schema { types { name } } }',
    '{ __type(name: "Query") { name } }',
    'query { ...F } fragment F on Query { __schema { queryType { name } } }',
  ])('keeps the schema from those who may not introspect: %s', async (query) => {
    for (const errors of await refusals(query, 'viewer')) {
      expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(errors[0]?.message).toContain('introspection');
    }
  });

  it('lets others introspect, also after the same text was refused, and refuses it again', async () => {
    const query = getIntrospectionQuery({
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
    });
    await refusals(query, 'viewer');
    expect((await post(toy, { query }, 'admin')).body.data).toHaveProperty('__schema.queryType.name', 'Query');
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', query);
    expect(await client.next()).toMatchObject({
      type: 'next',
      payload: { data: { __schema: { queryType: { name: 'Query' } } } },
    });
    client.close();
    await refusals(query, 'viewer');
  });

  it('allows __typename to everyone', async () => {
    expect((await post(toy, { query: '{ __typename }' }, 'viewer')).body.data).toEqual({ __typename: 'Query' });
  });

  it.each([
    ['a field', '{ hell }', undefined],
    ['an argument', '{ hello(nam: "x") }', undefined],
    ['an input field', '{ tags(input: { tagNam: "x" }) }', undefined],
    ['an enum value', '{ hello(style: LOUDD) }', undefined],
  ])('suggests the name of %s only to those who may introspect', async (_name, query) => {
    for (const errors of await refusals(query, 'admin'))
      expect(errors.some(({ message }) => message.includes('Did you mean'))).toBe(true);
    for (const errors of await refusals(query, 'viewer')) expect(JSON.stringify(errors)).not.toContain('Did you mean');
  });

  it('hides suggestions in variables too', async () => {
    const payload = {
      query: 'query ($i: TagInput) { tags(input: $i) }',
      variables: { i: { tagNam: 'x', tagName: 'y' } },
    };
    expect((await post(toy, payload, 'admin')).text).toContain('Did you mean');
    const viewer = await post(toy, payload, 'viewer');
    expect([viewer.status, viewer.body.errors?.[0]?.extensions.code]).toEqual([400, 'INVALID_INPUT']);
    expect(viewer.text).not.toContain('Did you mean');
  });
});
