import { AuditLog, type TrailEntry } from './audit-log';
import { JobQueue, type JobTable } from './job-book';
import { OverrideBook } from './override-book';
import { type Quirks } from './quirks';
import { RateLimit } from './rate-limit';
import { ReuseCounters } from './reuse-counters';
import { Trust } from './trust';

export interface Settings {
  readonly adminSecret: string;
  readonly trustTokenSecret: string;
  readonly auditDir: string | undefined;
  readonly quirks: Quirks;
  /** ms since 1970-01-01 UTC. */
  readonly now: () => number;
  readonly jobs: JobTable;
  /** Closes all connections and refuses new ones for a while; the next boot has an empty memory. */
  readonly crash: () => void;
}

/** What one process of the backend holds in memory: lost when it dies. */
export interface Boot {
  readonly settings: Settings;
  readonly trust: Trust;
  readonly overrides: OverrideBook;
  readonly audit: AuditLog;
  readonly queue: JobQueue;
  readonly counters: ReuseCounters;
  readonly sanitizeLimit: RateLimit;
  readonly uploadLimit: RateLimit;
}

/** A process that has just started. `trail` is training data planted for the export. */
export function boot(settings: Settings, trail: readonly TrailEntry[] = []): Boot {
  const { now, quirks } = settings;
  const audit = new AuditLog(settings.auditDir, now);
  for (const entry of trail) audit.remember(entry);
  const tooMany = (what: string): string => `Too many ${what} requests from this IP, please try again later.`;
  return {
    settings,
    trust: new Trust(settings.trustTokenSecret, now, quirks.signatureCache),
    overrides: new OverrideBook(now),
    audit,
    queue: new JobQueue(settings.jobs, now, quirks.oneJobPerBoot, quirks.poisonDocumentCrashes ? settings.crash : null),
    counters: new ReuseCounters(now, quirks.poisonableStats),
    sanitizeLimit: new RateLimit(100, tooMany('sanitization'), now, quirks.rateLimits),
    uploadLimit: new RateLimit(10, tooMany('upload'), now, quirks.rateLimits),
  };
}
