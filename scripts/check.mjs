// Everything that must hold beside the tests: types, lint, format, dependency rules, dead code, schema drift.
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['types', 'tsc', ['-p', '.', '--noEmit']],
  ['lint', 'eslint', ['.']],
  ['format', 'prettier', ['--check', '.']],
  ['dependency rules', 'depcruise', ['src', 'migrations', 'bench', '--config', '.dependency-cruiser.cjs']],
  ['dead code', 'knip', []],
  ['schema drift', 'node', ['dist/src/gateway/emit-schema.js', '--check']],
];

const failed = CHECKS.filter(([title, command, args]) => {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'}  ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  );
  return status !== 0;
});
process.exit(failed.length > 0 ? 1 : 0);
