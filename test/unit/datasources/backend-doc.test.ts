import { buildSchema, type GraphQLSchema } from 'graphql';
import { readFileSync } from 'node:fs';
import { BACKEND_FAILURES, BACKEND_TOOLS } from '../../../src/datasources/backend-error';
import { TOOL_POLICIES } from '../../../src/datasources/tool-policy';

const ROWS = readFileSync('docs/backend.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
const rowOf = (name: string): readonly string[] => ROWS.filter(([first]) => first === name).flat();

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

it.each(BACKEND_TOOLS)('tells the policy of %s', (tool) => {
  const { attempts, deadlineMs, concurrency, maxBytes, budget } = TOOL_POLICIES[tool];
  expect(rowOf(tool).slice(4, 9)).toEqual([
    String(attempts),
    `${deadlineMs / 1_000} s`,
    String(concurrency),
    size(maxBytes),
    budget ? `${budget.capacity}, ${budget.reserve} kept` : '—',
  ]);
});

it.each(Object.entries(BACKEND_FAILURES))('tells what %s means', (failure, { code, retryable }) => {
  expect(rowOf(failure).slice(1, 3)).toEqual([code, retryable ? 'yes' : 'no']);
});

it('names only fields that there are', () => {
  const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
  const named = BACKEND_TOOLS.map((tool) => rowOf(tool)[2] ?? '').filter((name) => name !== 'POST /documents');
  expect(named.filter((name) => !exists(schema, name))).toEqual([]);
});

function exists(schema: GraphQLSchema, name: string): boolean {
  const [type = '', field = ''] = name.split('.');
  const root = type === 'Query' ? schema.getQueryType() : schema.getMutationType();
  return root?.getFields()[field] !== undefined;
}
