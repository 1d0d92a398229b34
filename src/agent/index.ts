import { type StoredEvent } from '../domain/event';
import { type AgentMode } from '../domain/response';
import { DetectionLoop } from './detection-loop';
import { defaultDetectors } from './detect/detectors';
import { createEngine } from './detect/engine';
import { Batcher } from './ingest/batcher';
import { IngestService } from './ingest/ingest-service';
import { normalise } from './ingest/normalise';
import { LatencyWindow } from './latency';
import {
  type AlertSink,
  type Backend,
  type Clock,
  type DetectionStore,
  type EventStore,
  type Instances,
  type ModeStore,
  type OverrideIntent,
  type OverrideLedger,
  type OverrideRecord,
  type ResponseStore,
  type StoredRecord,
} from './ports';
import { type Log } from '../domain/log';
import { activateOverride, deactivateOverride } from './respond/override';
import { automaticResponses } from './respond/playbooks';
import { startResponse, type StartResponse } from './respond/start-response';
import { runStep } from './respond/run-step';
import { Supervisor } from './supervisor';

export { type IngestReport, IngestService, type IngestSession } from './ingest/ingest-service';
export { LineSplitter } from './ingest/line-splitter';
export { INGEST_LIMITS } from './ingest/parse-line';
export { PLAYBOOKS } from './respond/playbooks';

/** History that warms the detectors up after a restart, so that sliding windows go on where they were. */
const WARM_UP = { ms: 10 * 60_000, events: 50_000 } as const;

export interface AgentPorts<O extends OverrideRecord> {
  readonly events: EventStore;
  readonly detections: DetectionStore;
  readonly responses: ResponseStore;
  readonly overrides: OverrideLedger<O>;
  readonly backend: Backend;
  readonly alerts: AlertSink;
  readonly instances: Instances;
  readonly modes: ModeStore;
  /** Called after each commit that appended to the event log. */
  readonly onCommitted: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agent as the rest of the house sees it. */
export interface Agent<O extends OverrideRecord> {
  readonly instanceId: string;
  start(): Promise<void>;
  /** Finishes what was accepted, then stops. */
  stop(): Promise<void>;
  /** Takes records in; detection follows by itself once they are durable. */
  readonly ingest: IngestService;
  /** Runs one step of a response; throws where it may be tried again. */
  runStep(job: { readonly responseId: string; readonly ordinal: number }, lastAttempt: boolean): Promise<void>;
  /** Names a job worker of this process. */
  addWorker(workerId: string): void;
  /** Starts a playbook by hand; in a dry run only answers what it would do. */
  startResponse(
    request: StartResponse,
  ): Promise<{ readonly responseKey: string | null; readonly actions: readonly string[] }>;
  mode(): Promise<AgentMode>;
  setMode(mode: AgentMode, reason: string, by: string): Promise<void>;
  activateOverride(request: OverrideIntent & { readonly durationMs: number }): Promise<O>;
  deactivateOverride(key: string, by: string): Promise<O>;
  /** Time from receipt of an event to the commit of its detection in this process, ms. */
  latency(): { readonly p50Ms: number | null; readonly p99Ms: number | null };
}

/** Builds the agent from its ports. It starts nothing until `start()`. */
export function createAgent<O extends OverrideRecord>(ports: AgentPorts<O>): Agent<O> {
  const { clock, log } = ports;
  const latencies = new LatencyWindow();
  const supervisor = new Supervisor(ports.instances, log);
  const loop = new DetectionLoop({
    ...ports,
    engine: createEngine(defaultDetectors()),
    playbooksFor: async () => ((await ports.modes.agentMode()) === 'PAUSED' ? () => [] : automaticResponses),
    normaliseRecord,
    onDetected: (events, at) => {
      for (const { receivedAt } of events) latencies.add(at - receivedAt);
    },
  });
  const batcher = new Batcher(ports.events, (events) => loop.push(events));
  const overridesUnderWay = new Map<string, Promise<O>>();
  const recorded = async <T>(work: Promise<T>): Promise<T> => work.finally(ports.onCommitted);
  return {
    instanceId: supervisor.id,
    async start() {
      await supervisor.start();
      await loop.start(clock.now() - WARM_UP.ms, WARM_UP.events);
    },
    async stop() {
      await batcher.idle();
      await loop.stop();
      await supervisor.stop();
    },
    ingest: new IngestService((events) => batcher.submit(events), clock),
    runStep: (job, lastAttempt) => runStep(job, lastAttempt, { ...ports, onRecorded: ports.onCommitted }),
    addWorker: (workerId) => supervisor.addWorker(workerId),
    startResponse: (request) => recorded(startResponse(request, ports)),
    mode: () => ports.modes.agentMode(),
    setMode: (mode, reason, by) => recorded(ports.modes.setAgentMode(mode, reason, by)),
    activateOverride: (request) =>
      recorded(
        activateOverride(request, {
          ledger: ports.overrides,
          backend: ports.backend,
          underWay: overridesUnderWay,
        }),
      ),
    deactivateOverride: (key, by) => recorded(deactivateOverride(key, by, ports.overrides, ports.backend)),
    latency: () => ({ p50Ms: latencies.quantile(0.5), p99Ms: latencies.quantile(0.99) }),
  };
}

/** A record read back is normalised as it was when it came: same record, same time of receipt, same id. */
function normaliseRecord({ raw, stream, id, receivedAt, eventId, offset }: StoredRecord): StoredEvent {
  const event = normalise(JSON.parse(raw), { stream, raw, receivedAt, fallbackId: id });
  return { ...event, id, eventId, offset, receivedAt };
}
