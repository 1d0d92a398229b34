import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { messageOf } from '../domain/errors';
import { type Instances } from './ports';
import { type Log } from '../domain/log';

const HEARTBEAT_MS = 2_000;
const DEAD_AFTER_MS = 10_000;

/** Keeps this process's heartbeat, and takes over the jobs of processes that have lost theirs. */
export class Supervisor {
  readonly id = randomUUID();
  readonly #workerIds = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;

  constructor(
    private readonly instances: Instances,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().finally(() => (this.#beating = null));
    }, HEARTBEAT_MS);
    this.#timer.unref();
  }

  /** Names a worker of this process, whose jobs are to be freed when the process dies; the heartbeat tells it at once. */
  addWorker(workerId: string): void {
    this.#workerIds.add(workerId);
    const before = this.#beating ?? Promise.resolve();
    const beating = before
      .then(() => this.#beat())
      .finally(() => {
        if (this.#beating === beating) this.#beating = null;
      });
    this.#beating = beating;
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#beating;
    await this.instances.leave(this.id);
  }

  async #beat(): Promise<void> {
    try {
      await this.instances.beat({ id: this.id, host: hostname(), pid: process.pid, workerIds: [...this.#workerIds] });
      const dead = await this.instances.freeJobsOfTheDead(DEAD_AFTER_MS);
      if (dead > 0) this.log.warn({ dead }, 'took over the jobs of processes without a heartbeat');
    } catch (error) {
      this.log.error({ error: messageOf(error) }, 'heartbeat failed');
    }
  }
}
