import { type DataSource } from 'typeorm';
import { type Instances } from '../agent/ports';
import { updated } from './database';

export interface InstanceRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
}

/** The running processes, each with its heartbeat. */
export class InstanceStore implements Instances {
  constructor(private readonly db: DataSource) {}

  /** Writes the heartbeat of one process; its row is made on the first. */
  async beat(instance: { id: string; host: string; pid: number; workerIds: readonly string[] }): Promise<void> {
    await this.db.query(
      `INSERT INTO agent_instances (id, host, pid, worker_ids) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), worker_ids = excluded.worker_ids`,
      [instance.id, instance.host, instance.pid, instance.workerIds],
    );
  }

  /** Takes a process that stops in good order off the list. */
  async leave(id: string): Promise<void> {
    await this.db.query('DELETE FROM agent_instances WHERE id = $1', [id]);
  }

  async freeJobsOfTheDead(deadAfterMs: number): Promise<number> {
    const dead = await updated<{ worker_ids: string[] }>(
      this.db,
      `DELETE FROM agent_instances WHERE heartbeat_at < now() - $1 * interval '1 ms' RETURNING worker_ids`,
      [deadAfterMs],
    );
    // A process may have died before its first heartbeat named the worker under which it had already locked jobs.
    const nameless = await this.db.query<{ locked_by: string }[]>(
      `SELECT DISTINCT locked_by FROM graphile_worker.jobs j
       WHERE locked_at < now() - $1 * interval '1 ms'
         AND NOT EXISTS (SELECT 1 FROM agent_instances i WHERE j.locked_by = ANY(i.worker_ids))`,
      [deadAfterMs],
    );
    const workerIds = [...dead.flatMap(({ worker_ids }) => worker_ids), ...nameless.map(({ locked_by }) => locked_by)];
    if (workerIds.length > 0) await this.db.query('SELECT graphile_worker.force_unlock_workers($1)', [workerIds]);
    return dead.length;
  }

  async all(): Promise<readonly InstanceRow[]> {
    return this.db.query<InstanceRow[]>(
      `SELECT id, host, pid, started_at AS "startedAt", heartbeat_at AS "heartbeatAt" FROM agent_instances ORDER BY started_at`,
    );
  }
}
