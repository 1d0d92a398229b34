import { type BackendOverride } from '../agent/ports';
import { messageOf } from '../domain/errors';
import { type JsonObject } from '../domain/json';
import { type Log } from '../domain/log';
import { type BackendTool } from './backend-error';
import { type Outcome } from './tool-lane';

/** The stream of what Argus sees of its backend. */
export const BACKEND_STREAM = 'argus.backend';

/** Stores events of `BACKEND_STREAM`, as agents of other sources would. */
export type RecordEvents = (events: readonly JsonObject[]) => Promise<unknown>;

/** What is looked at, and how often. */
export interface WatchOptions {
  readonly record: RecordEvents;
  readonly checkHealth: () => Promise<unknown>;
  /** null where the admin secret is not set. */
  readonly activeOverrides: (() => Promise<readonly BackendOverride[]>) | null;
  readonly log: Log;
  readonly healthEveryMs?: number;
  readonly overridesEveryMs?: number;
}

const HEALTH_EVERY_MS = 10_000;
const OVERRIDES_EVERY_MS = 30_000;
const RECORD_EVERY_MS = 250;
/** A storm of failures says no more than its first hundred. */
const MOST_WAITING = 100;
const SUCCESS = 1;
const FAILURE = 2;
const API_ACTIVITY = 6003;

/**
 * Turns what happens at the backend into events: every failure that shows it unwell, each tool's recovery, and overrides
 * that never end. It looks by itself too, so that an outage is noticed, and its end, when nobody calls.
 */
export class BackendWatch {
  private readonly unwell = new Set<BackendTool>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly busy = new Set<string>();
  private waiting: JsonObject[] = [];

  constructor(private readonly options: WatchOptions) {}

  /** Begins to look. */
  start(): void {
    const { checkHealth, activeOverrides, healthEveryMs, overridesEveryMs } = this.options;
    // What the check finds is seen by `onOutcome`, like any other call.
    this.every('health', healthEveryMs ?? HEALTH_EVERY_MS, checkHealth);
    if (activeOverrides) {
      this.every('overrides', overridesEveryMs ?? OVERRIDES_EVERY_MS, async () => {
        for (const override of await activeOverrides()) if (override.endsAt === null) this.push(immortal(override));
      });
    }
    this.every('record', RECORD_EVERY_MS, () => this.flush());
  }

  /** Looks no more, and stores what it has seen. */
  async stop(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await this.flush().catch(() => undefined);
  }

  /** Told of every attempt that was made at the backend. */
  onOutcome({ tool, at, failure }: Outcome): void {
    if (failure === null) {
      if (this.unwell.delete(tool)) this.push(activity(tool, at, SUCCESS, `The backend answers ${tool} again.`));
      return;
    }
    this.unwell.add(tool);
    this.push({
      ...activity(tool, at, FAILURE, failure.message),
      status_code: failure.failure,
      // Only where the backend itself said that it failed; a malformed answer may carry 200.
      ...(failure.status !== null && failure.status >= 500 && { http_response: { code: failure.status } }),
    });
  }

  private push(event: JsonObject): void {
    if (this.waiting.length < MOST_WAITING) this.waiting.push(event);
  }

  private async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const events = this.waiting;
    this.waiting = [];
    try {
      await this.options.record(events);
    } catch (error) {
      this.waiting = [...events, ...this.waiting].slice(0, MOST_WAITING);
      throw error;
    }
  }

  /** Never twice at the same time: a slow backend must not gather callers. */
  private every(name: string, ms: number, work: () => Promise<unknown>): void {
    const run = (): void => {
      if (this.busy.has(name)) return;
      this.busy.add(name);
      work()
        .catch((error: unknown) => {
          this.options.log.debug({ part: name, error: messageOf(error) }, 'the watch of the backend saw a failure');
        })
        .finally(() => this.busy.delete(name));
    };
    const timer = setInterval(run, ms);
    timer.unref();
    this.timers.push(timer);
  }
}

/** OCSF API Activity. */
function activity(tool: BackendTool, time: number, statusId: number, message: string): JsonObject {
  return {
    class_uid: API_ACTIVITY,
    category_uid: 6,
    time,
    severity_id: statusId === FAILURE ? 3 : 1,
    status_id: statusId,
    message,
    api: { operation: tool },
    metadata: { version: '1.4.0', uid: crypto.randomUUID(), product: { name: 'Argus' } },
  };
}

/** One event for each override, however often it is seen: its id is the event's. */
function immortal({ id, adminId, startsAt }: BackendOverride): JsonObject {
  return {
    ...activity('OVERRIDE_STATUS', startsAt, SUCCESS, 'An emergency override of the backend never ends.'),
    severity_id: 5,
    metadata: { version: '1.4.0', uid: `override-${id}`.slice(0, 200), product: { name: 'Argus' } },
    unmapped: { override: { id: id.slice(0, 128), admin_id: adminId.slice(0, 128), end_time: null } },
  };
}
