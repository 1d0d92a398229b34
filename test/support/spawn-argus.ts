import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Client } from 'pg';
import { Api } from './api';
import { removeTestFolder, testFolder } from './postgres';
import { until } from './until';

export { until } from './until';
export * from './api';

const ADMIN_KEY = 'argus_test-admin-key-0123456789';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

/** The real program with its own data folder: killed and started again as often as a test likes. */
export class SpawnedArgus extends Api {
  output = '';
  log = '';
  #child: ChildProcess | null = null;

  private constructor(
    readonly folder: string,
    private readonly settings: Record<string, string>,
  ) {
    super('', settings.ARGUS_ADMIN_KEY ?? '');
  }

  /** Starts `node dist/src/main.js`. With `ARGUS_ADMIN_KEY` '' the program makes its own key. */
  static async start(settings: Record<string, string> = {}): Promise<SpawnedArgus> {
    const argus = new SpawnedArgus(testFolder(), { ARGUS_ADMIN_KEY: ADMIN_KEY, ...settings });
    try {
      await argus.restart();
    } catch (error) {
      await argus.remove();
      throw error;
    }
    return argus;
  }

  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** Another program on the same data, not started. */
  sibling(settings: Record<string, string> = {}): SpawnedArgus {
    return new SpawnedArgus(this.folder, { ...this.settings, ...settings });
  }

  /** Starts the program on the same data; resolves when it has said that it is up. */
  async restart(): Promise<void> {
    this.output = '';
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [path.resolve('dist', 'src', 'main.js')], {
      env: { PATH, HOME, ARGUS_PORT: '0', ARGUS_DATA_DIR: this.folder, ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (data: Buffer) => (this.output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (this.log += data.toString()));
    this.#child = child;
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`Argus did not start:\n${this.log}`);
        return this.output.includes('npm run demo');
      },
      'the banner',
      60_000,
    );
    this.url = /GraphQL +(\S+)\/graphql/.exec(this.output)?.[1] ?? '';
    const made = /Admin key +(argus_\S+)/.exec(this.output)?.[1];
    if (made !== undefined) this.adminKey = made;
  }

  /** Runs one statement in its database, past the program. */
  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const home = path.join(this.folder, 'postgres');
    const password = readFileSync(path.join(home, 'password'), 'utf8');
    const port = readFileSync(path.join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[3];
    const client = new Client({ connectionString: `postgres://argus:${password}@127.0.0.1:${port}/argus` });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...parameters])).rows;
    } finally {
      await client.end();
    }
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<Ended> {
    const child = this.#child;
    if (!child || hasEnded(child)) throw new Error('Argus is not running');
    const started = Date.now();
    child.kill(signal);
    if (!hasEnded(child)) await once(child, 'exit');
    return { code: child.exitCode, signal: child.signalCode, tookMs: Date.now() - started };
  }

  /** Ends program and server and removes the data. */
  async remove(): Promise<void> {
    const child = this.#child;
    if (child && !hasEnded(child)) await this.kill('SIGKILL');
    await removeTestFolder(this.folder);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
