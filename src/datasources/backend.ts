import { type Backend, type Clock } from '../agent/ports';
import { type Log } from '../domain/log';
import { type BackendTool } from './backend-error';
import { Documents } from './documents';
import { Health } from './health';
import { BackendHttp } from './http';
import { type JobQueueStatus, Jobs } from './jobs';
import { N8n } from './n8n';
import { Overrides } from './overrides';
import { Quarantine } from './quarantine';
import { ReuseStatistics } from './reuse-stats';
import { Sanitize } from './sanitize';
import { type BreakerOptions, type Outcome, type ToolStatus } from './tool-lane';
import { type ToolPolicy } from './tool-policy';
import { TrainingExport } from './training-export';
import { type TlsOptions } from './transport';
import { TrustTokens } from './trust-tokens';

export interface BackendOptions {
  /** Where the backend is: https, or http to this machine. A path in it goes before every path. */
  readonly url: string;
  /** The backend's ADMIN_AUTH_SECRET; without it overrides are unavailable. */
  readonly adminSecret?: string;
  /** The backend's TRUST_TOKEN_SECRET; without it reuse statistics, PDF making and token reuse are unavailable. */
  readonly trustTokenSecret?: string;
  readonly tls?: TlsOptions;
  /** Permits plain http to another machine. */
  readonly allowHttp?: boolean;
  /** This backend survives text queued as a job; the one observed dies of it. Permits `sanitize.jsonAsJob`. */
  readonly asyncText?: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly breaker?: BreakerOptions;
  /** Told of every attempt that the backend answered, or failed to. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Deviations from `TOOL_POLICIES`, e.g. shorter deadlines. */
  readonly policies?: Partial<Record<BackendTool, Partial<ToolPolicy>>>;
}

export interface BackendStatus {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly tls: boolean;
  readonly mutualTls: boolean;
  readonly tools: readonly ToolStatus[];
  /** Tools that a missing setting makes unavailable, and which. */
  readonly unavailable: readonly { readonly tool: BackendTool; readonly reason: string }[];
  /** Whether the backend works on its jobs; its health check does not tell. */
  readonly jobQueue: JobQueueStatus;
  /** How many contents are quarantined. */
  readonly quarantined: number;
}

/** Everything the backend can do, by family; and the few things the agent needs of it. */
export interface BackendTools extends Backend {
  readonly health: Health;
  readonly sanitize: Sanitize;
  readonly trustTokens: TrustTokens;
  readonly documents: Documents;
  readonly jobs: Jobs;
  readonly overrides: Overrides;
  readonly n8n: N8n;
  readonly trainingExport: TrainingExport;
  readonly reuseStats: ReuseStatistics;
  readonly quarantine: Quarantine;
  /** Breakers, budgets and what is unavailable; asks nobody. */
  status(): BackendStatus;
  /** Ends all connections; calls that run fail. */
  close(): Promise<void>;
}

/**
 * The backend's tools. Connects to nobody until the first call. Throws INVALID_INPUT when the address is malformed or
 * would carry secrets in the clear; every later failure is a `BackendError`.
 */
export function createBackend(options: BackendOptions): BackendTools {
  const { clock, adminSecret, trustTokenSecret } = options;
  const quarantine = new Quarantine(clock);
  const secrets = [adminSecret, trustTokenSecret, options.tls?.key].filter((secret) => secret !== undefined);
  const http = new BackendHttp({ ...options, secrets, onUnreachable: () => quarantine.backendLost() });
  const health = new Health(http);
  const trustTokens = new TrustTokens(http, clock, trustTokenSecret);
  const jobs = new Jobs(http, quarantine, clock);
  const overrides = new Overrides(http, adminSecret);
  const n8n = new N8n(http);
  const sanitize = new Sanitize(http, trustTokens, quarantine, health, jobs, options.asyncText ?? false);
  return {
    health,
    sanitize,
    trustTokens,
    documents: new Documents(http, jobs, trustTokens, quarantine, health),
    jobs,
    overrides,
    n8n,
    trainingExport: new TrainingExport(http),
    reuseStats: new ReuseStatistics(http, trustTokens),
    quarantine,
    sanitizeText: (text) => sanitize.text(text),
    triggerWorkflow: (data) => n8n.trigger(data),
    activateOverride: (request) => overrides.activate(request),
    deactivateOverride: (overrideId, adminId) => overrides.deactivate(overrideId, adminId),
    activeOverrides: () => overrides.active(),
    status: () => ({
      origin: http.origin,
      tls: http.origin.startsWith('https:'),
      mutualTls: http.origin.startsWith('https:') && options.tls?.cert !== undefined,
      tools: http.status(),
      unavailable: unavailable(options),
      jobQueue: jobs.queueStatus(),
      quarantined: quarantine.list().length,
    }),
    close: () => http.close(),
  };
}

function unavailable({ adminSecret, trustTokenSecret }: BackendOptions): BackendStatus['unavailable'] {
  const needsAdmin = ['OVERRIDE_ACTIVATE', 'OVERRIDE_DEACTIVATE', 'OVERRIDE_STATUS'] as const;
  const needsToken = ['GENERATE_PDF', 'REUSE_STATS'] as const;
  return [
    ...(adminSecret === undefined ? needsAdmin : []).map((tool) => ({ tool, reason: 'the admin secret is not set' })),
    ...(trustTokenSecret === undefined ? needsToken : []).map((tool) => ({
      tool,
      reason: 'the shared trust-token secret is not set',
    })),
  ];
}
