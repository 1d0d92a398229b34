// Makes a fresh checkout ready: installs what the lock file names when that has changed, and builds what is stale.
// Uses Node's own modules alone, and runs on whatever Node the machine has; the rest runs on the one that npm installs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const installStamp = join(modules, '.argus-install');
const buildStamp = join(root, 'dist', '.argus-build');

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function run(title, command, args) {
  process.stderr.write(`argus: ${title} …\n`);
  const started = Date.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write(`argus: ${title} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(status ?? 1);
  }
  process.stderr.write(`argus: ${title} done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function install() {
  const wanted = createHash('sha256')
    .update(read(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if (read(installStamp) === wanted) return;
  run('installing dependencies', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installStamp, wanted);
}

/** Names, sizes and times of every source: cheap, and changed whenever a source is. */
function fingerprint(paths) {
  const hash = createHash('sha256').update(read(installStamp));
  const visit = (path) => {
    if (!existsSync(path)) return;
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  paths.forEach((path) => visit(join(root, path)));
  return hash.digest('hex');
}

function build() {
  const wanted = fingerprint(['src', 'migrations', 'bench', 'tsconfig.json', 'tsconfig.build.json']);
  if (read(buildStamp) === wanted) return;
  // A compiler's record without its output would make it believe that nothing is to be done.
  if (!existsSync(join(root, 'dist', 'src', 'main.js'))) rmSync(join(root, 'dist'), { recursive: true, force: true });
  run('building', process.execPath, [
    join(modules, 'typescript', 'bin', 'tsc'),
    '-p',
    join(root, 'tsconfig.build.json'),
  ]);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, wanted);
}

install();
build();
