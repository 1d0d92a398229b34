// Runs the whole suite with jest and writes its result where .ci/run reads it. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const jest = join(createRequire(import.meta.url).resolve('jest/package.json'), '..', 'bin', 'jest.js');
mkdirSync('dist', { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [jest, '--json', '--outputFile=dist/test-results.json', '--testLocationInResults', ...process.argv.slice(2)],
  { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_ENV: 'test' } },
);
process.exit(status ?? 1);
