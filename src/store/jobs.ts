import { EventEmitter } from 'node:events';
import { Logger, run, type Runner, type WorkerEvents } from 'graphile-worker';
import { type Log } from '../domain/log';
import { STEP_JOB } from './response-planning';

export interface StepJob {
  readonly responseId: string;
  readonly ordinal: number;
}

export interface JobsOptions {
  readonly url: string;
  readonly concurrency: number;
  readonly log: Log;
  /** Runs one step; when it throws, the job is tried again later. `lastAttempt` tells that it will not be. */
  readonly runStep: (job: StepJob, lastAttempt: boolean) => Promise<void>;
  /** Told the id under which jobs are locked, so that a successor can free them. */
  readonly onPool: (poolId: string) => void;
}

/** Runs durable jobs (graphile-worker) until stopped. */
export async function startJobs(options: JobsOptions): Promise<{ stop(): Promise<void> }> {
  const events: WorkerEvents = new EventEmitter();
  events.on('pool:create', ({ workerPool }) => options.onPool(workerPool.id));
  const runner: Runner = await run({
    connectionString: options.url,
    concurrency: options.concurrency,
    maxPoolSize: options.concurrency + 2,
    noHandleSignals: true,
    pollInterval: 1_000,
    events,
    logger: new Logger(() => (level, message) => {
      if (level === 'error' || level === 'warning') options.log.warn({ job: message }, 'job engine');
      else options.log.debug({ job: message }, 'job engine');
    }),
    taskList: {
      [STEP_JOB]: (payload, { job }) => options.runStep(payload as StepJob, job.attempts >= job.max_attempts),
    },
  });
  runner.promise.catch((error: unknown) => options.log.error({ error: String(error) }, 'job engine stopped'));
  return { stop: () => runner.stop() };
}
