import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, GraphQLError } from 'graphql';
import { createOperationGate } from '../../../src/gateway/operation-gate';

const schema = buildSchema(`
  type Query { me: String self: Query list(of: [[Int]], in: In): Int }
  input In { a: Int in: In }
  type Subscription { me: String }
`);
const gate = createOperationGate(schema);
const CODES = ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_TOO_COMPLEX', 'INVALID_INPUT'];

const TOKENS =
  '{ } ( ) [ ] : = ! | & @ $ ... me self list of in a query mutation subscription fragment on Query In F G @include if true false null 1 -1 1e999 "s" """b""" $v __typename __schema # ,\n';
const token = fc.constantFrom(...TOKENS.split(' '));
const selection = fc.letrec<{ set: string }>((tie) => ({
  set: fc
    .array(
      fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(
          'me',
          'b: me',
          'list',
          '__typename',
          'nope',
          '...F',
          '...G',
          'me @include(if: $v)',
          'list(of: [[1]])',
        ),
        fc
          .tuple(fc.constantFrom('self', '... on Query', 'x: self', '... @skip(if: true)'), tie('set'))
          .map(([head, set]) => `${head} ${set}`),
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((pieces) => `{ ${pieces.join(' ')} }`),
})).set;
const document = fc
  .tuple(selection, selection, selection)
  .map(([query, f, g]) => `query ($v: Boolean!) ${query} fragment F on Query ${f} fragment G on Query ${g}`);
const mutated = fc
  .tuple(
    fc.oneof(document, fc.constant(getIntrospectionQuery())),
    fc.nat(),
    fc.nat(40),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  .map(([text, at, cut, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + cut));

const hostile = fc.oneof(
  fc.array(token, { maxLength: 300 }).map((tokens) => tokens.join(' ')),
  document,
  mutated,
  fc.string({ unit: 'binary', maxLength: 500 }),
);

it('the gate answers every document with an operation or typed errors, and never throws', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(hostile, fc.boolean(), (query, mayIntrospect) => {
      const admission = gate.admit({ query }, { mayIntrospect });
      if ('operation' in admission) {
        seen.add('admitted');
        return;
      }
      expect(admission.errors.length).toBeGreaterThan(0);
      for (const error of admission.errors) {
        expect(error).toBeInstanceOf(GraphQLError);
        expect(CODES).toContain(error.extensions.code);
        seen.add(String(error.extensions.code));
      }
    }),
    { numRuns: 3_000 },
  );
  // The generators reach every kind of answer.
  expect([...seen]).toEqual(expect.arrayContaining(['admitted', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']));
});
