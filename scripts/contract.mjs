// Runs the contract suite against a backend: npm run test:contract -- --url URL. Without --url, against the sandbox.
// Secrets come from the environment: BACKEND_ADMIN_SECRET, BACKEND_TRUST_TOKEN_SECRET (or ARGUS_CONTRACT_…).
// ARGUS_CONTRACT_UPLOAD=1 permits uploads of real PDFs, of which the backend as observed may die.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const args = process.argv.slice(2);
const at = args.indexOf('--url');
const url = at === -1 ? undefined : args.splice(at, 2)[1];
if (at !== -1 && (url === undefined || !URL.canParse(url))) {
  process.stderr.write('argus: --url takes the address of a backend, as http://127.0.0.1:3000\n');
  process.exit(2);
}
const { BACKEND_ADMIN_SECRET: admin, BACKEND_TRUST_TOKEN_SECRET: trust } = process.env;
const jest = join(createRequire(import.meta.url).resolve('jest/package.json'), '..', 'bin', 'jest.js');
const { status } = spawnSync(
  process.execPath,
  [
    jest,
    '--selectProjects',
    'integration',
    '--testPathPatterns',
    'test/contract/',
    '--verbose',
    '--runInBand',
    ...args,
  ],
  {
    stdio: 'inherit',
    env: {
      ...(admin && { ARGUS_CONTRACT_ADMIN_SECRET: admin }),
      ...(trust && { ARGUS_CONTRACT_TRUST_TOKEN_SECRET: trust }),
      ...process.env,
      ...(url && { ARGUS_CONTRACT_URL: url.replace(/\/+$/, '') }),
      NODE_ENV: 'test',
    },
  },
);
process.exit(status ?? 1);
