import { buildSchema } from 'graphql';
import { createOperationGate } from '../../../src/gateway/operation-gate';

const schema = buildSchema('type Query { me: String self: Query list(of: [[Int]]): Int }');
const gate = createOperationGate(schema);
const anyone = { mayIntrospect: false };
const repeat = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => piece(i)).join(' ');

describe('the operation gate', () => {
  it('parses and validates a text once for each answer to "may introspect"', () => {
    const first = gate.admit({ query: '{ me }' }, anyone);
    const again = gate.admit({ query: '{ me }' }, anyone);
    const other = gate.admit({ query: '{ me }' }, { mayIntrospect: true });
    if (!('document' in first) || !('document' in again) || !('document' in other)) throw new Error('refused');
    expect(again.document).toBe(first.document);
    expect(other.document).not.toBe(first.document);
  });

  it('picks the operation that is asked for', () => {
    const query = 'query A { me } query B { self { me } }';
    const admission = gate.admit({ query, operationName: 'B' }, anyone);
    expect('operation' in admission && admission.operation.name?.value).toBe('B');
    expect(gate.admit({ query, operationName: 'C' }, anyone)).toMatchObject({
      errors: [{ extensions: { code: 'INVALID_INPUT' } }],
    });
    expect(gate.admit({ query: 'fragment F on Query { me }' }, anyone)).toHaveProperty('errors');
  });

  it('names every limit that is exceeded', () => {
    const query = `{ ${repeat(600, (i) => `a${i}: me`)} }`;
    const admission = createOperationGate(schema).admit({ query }, anyone);
    expect('errors' in admission && admission.errors.map(({ extensions }) => extensions.limitName)).toEqual([
      'fields',
      'rootFields',
      'aliases',
    ]);
  });

  it('obeys the limits it is given', () => {
    const tight = createOperationGate(schema, { depth: 1, tokens: 10 });
    expect(tight.admit({ query: '{ me }' }, anyone)).toHaveProperty('operation');
    expect(tight.admit({ query: '{ self { me } }' }, anyone)).toMatchObject({
      errors: [{ extensions: { limitName: 'depth' } }],
    });
    expect(tight.admit({ query: '{ me me me me me me me me me }' }, anyone)).toMatchObject({
      errors: [{ extensions: { limitName: 'tokens' } }],
    });
  });

  // The worst of what fits into the token limit: each must be judged quickly, for nothing of it is remembered.
  it.each([
    [
      'exponential fragments',
      `{ ...F200 } fragment F0 on Query { me } ${repeat(200, (i) => `fragment F${i + 1} on Query { ...F${i} ...F${i} }`)}`,
    ],
    ['a ring of fragments', `{ ...F0 } ${repeat(240, (i) => `fragment F${i} on Query { ...F${(i + 1) % 240} }`)}`],
    [
      'fragments that all spread all',
      `{ ...F0 } ${repeat(40, (i) => `fragment F${i} on Query { ${repeat(22, (j) => `...F${(i + j) % 40}`)} }`)}`,
    ],
    ['the same field over and over', `{ self { ${repeat(498, () => 'me')} } }`],
    ['the same nested field over and over', `{ self { ${repeat(240, () => 'self { me }')} } }`],
    [
      'wide fragments that overlap',
      `{ self { ${repeat(15, (i) => `...F${i}`)} } } ${repeat(15, (i) => `fragment F${i} on Query { ${repeat(15, () => 'self { me }')} }`)}`,
    ],
    ['a literal of lists in lists', `{ list(of: ${'['.repeat(950)}1${']'.repeat(950)}) }`],
    ['braces', '{ self '.repeat(900) + '}'.repeat(900)],
    ['unknown names', `{ ${repeat(480, (i) => `unknown${i}`)} }`],
    ['a comment of a mebibyte', `{ me } #${'x'.repeat(1024 * 1024)}`],
    ['a name of a mebibyte', `{ ${'x'.repeat(1024 * 1024)} }`],
    ['a string of escapes', `{ list(of: "${'\\u0041'.repeat(150_000)}") }`],
  ])('judges %s without hanging', (_name, query) => {
    const start = performance.now();
    gate.admit({ query }, anyone);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('does not let refused documents push out those in use', () => {
    const before = gate.admit({ query: '{ me }' }, anyone);
    for (let n = 0; n < 2_000; n++) {
      expect(gate.admit({ query: `{ unknown${n} }` }, anyone)).toHaveProperty('errors');
    }
    const after = gate.admit({ query: '{ me }' }, anyone);
    expect('document' in before && 'document' in after && before.document === after.document).toBe(true);
  });
});
