import { setTimeout as delay } from 'node:timers/promises';
import { answerJson } from './http-answer';
import { type Log } from '../domain/log';
import { type Route } from './router';

/** Resolves when the thing it looks at can serve; throws when not. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

/** What the probes need. */
export interface HealthOptions {
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** How long a check may take. */
  readonly deadlineMs: number;
  readonly isDraining: () => boolean;
  /** The schema in SDL, for tools. */
  readonly schemaText: string;
  readonly log: Log;
}

/** What /readyz tells of one check; why it failed is in the log, for the probe is open to everyone. */
interface CheckResult {
  readonly status: 'ok' | 'failed' | 'timeout';
  readonly tookMs: number;
}

/** GET /livez (the process turns), GET /readyz (it can serve: 200 or 503) and GET /schema.graphql. */
export function createHealthRoutes(options: HealthOptions): readonly Route[] {
  return [
    { methods: ['GET', 'HEAD'], pattern: '/livez', handler: (_req, res) => answerJson(res, 200, { status: 'ok' }) },
    {
      methods: ['GET', 'HEAD'],
      pattern: '/readyz',
      handler: async (_req, res) => {
        const entries = Object.entries(options.readiness).map(
          async ([name, check]) => [name, await runCheck(name, check, options)] as const,
        );
        const checks = Object.fromEntries(await Promise.all(entries));
        const ready = !options.isDraining() && Object.values(checks).every(({ status }) => status === 'ok');
        const status = options.isDraining() ? 'draining' : ready ? 'ok' : 'unavailable';
        answerJson(res, ready ? 200 : 503, { status, checks });
      },
    },
    {
      methods: ['GET', 'HEAD'],
      pattern: '/schema.graphql',
      handler: (_req, res) => {
        res.setHeader('content-type', 'text/plain; charset=utf-8');
        res.setHeader('content-length', Buffer.byteLength(options.schemaText));
        res.end(options.schemaText);
      },
    },
  ];
}

async function runCheck(name: string, check: ReadinessCheck, options: HealthOptions): Promise<CheckResult> {
  const start = performance.now();
  const stop = new AbortController();
  const result = (status: CheckResult['status']): CheckResult => ({
    status,
    tookMs: Math.round(performance.now() - start),
  });
  const finish = async (): Promise<'ok'> => {
    await check(stop.signal);
    return 'ok';
  };
  try {
    const timeout = delay(options.deadlineMs, 'timeout' as const, { signal: stop.signal });
    const outcome = await Promise.race([finish(), timeout]);
    if (outcome === 'timeout')
      options.log.warn({ check: name, deadlineMs: options.deadlineMs }, 'readiness check timed out');
    return result(outcome);
  } catch (err) {
    options.log.warn({ err, check: name }, 'readiness check failed');
    return result('failed');
  } finally {
    stop.abort();
  }
}
