import { type IncidentFacts } from '../domain/incident';
import { type ArgusError } from '../domain/errors';
import { type Finding } from '../domain/finding';
import { type JsonObject } from '../domain/json';
import { type AgentMode, type StepStatus } from '../domain/response';
import { type SecurityEvent, type StoredEvent } from '../domain/event';
import { type Severity } from '../domain/severity';

/** What the agent needs of the world. The composition root gives it the real ones; nothing here knows a framework. */

export interface Clock {
  /** ms since 1970-01-01 UTC. */
  now(): number;
}

/** The sanitizer backend as the agent uses it. Every failure is an `ArgusError` BACKEND_UNAVAILABLE or BACKEND_REJECTED. */
export interface Backend {
  /** The content as the backend would hand it to an LLM. Idempotent. */
  sanitizeText(text: string): Promise<string>;
  /** Answers the workflow's own result text. Idempotent by the backend's contract (it only echoes). */
  triggerWorkflow(data: string): Promise<string>;
  /** Opens an emergency override; `durationMs` 60,000 … 3,600,000. Not idempotent: callers record before they retry. */
  activateOverride(request: { justification: string; durationMs: number; adminId: string }): Promise<BackendOverride>;
  /** False when the override did not exist or had already ended: the wished state holds either way. */
  deactivateOverride(overrideId: string, adminId: string): Promise<boolean>;
  activeOverrides(): Promise<readonly BackendOverride[]>;
}

export interface BackendOverride {
  readonly id: string;
  readonly adminId: string;
  readonly justification: string;
  /** ms since 1970-01-01 UTC. */
  readonly startsAt: number;
  /** ms since 1970-01-01 UTC; null = never ends, which is itself a critical incident. */
  readonly endsAt: number | null;
}

/** An event as the store keeps it: the raw record and its place, from which the agent normalises it anew. */
export interface StoredRecord {
  readonly stream: string;
  readonly id: string;
  readonly raw: string;
  readonly eventId: number;
  readonly offset: number;
  /** ms since 1970-01-01 UTC. */
  readonly receivedAt: number;
}

/** What the store says of each event it was given, in the given order. */
export type Appended = { readonly stored: StoredEvent } | { readonly duplicate: true };

export interface EventStore {
  /** Durable when it resolves; duplicates by (stream, id) are recognised, also within the batch. */
  append(events: readonly SecurityEvent[]): Promise<readonly Appended[]>;
  /** Events of a stream behind `offset`, oldest first, at most `limit`. */
  readAfter(stream: string, offset: number, limit: number): Promise<readonly StoredRecord[]>;
  /** Streams whose detected position is behind their head. */
  laggingStreams(): Promise<readonly StreamPosition[]>;
  /** Detected position of each of these streams. */
  positions(streams: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Already detected events received since `sinceMs`, oldest first, at most the newest `limit`: to warm detectors up. */
  recentlyDetected(sinceMs: number, limit: number): Promise<readonly StoredRecord[]>;
}

export interface StreamPosition {
  readonly stream: string;
  /** Offset of the newest stored event. */
  readonly head: number;
  /** Offset up to which detection has been committed. */
  readonly detected: number;
}

/** Findings that belong to one incident, as correlation groups them. */
export interface FindingGroup {
  readonly fingerprint: string;
  readonly title: string;
  readonly severity: Severity;
  /** The gravest and surest: what the incident is named after. */
  readonly lead: Finding;
  readonly findings: readonly Finding[];
}

export interface DetectionCommit {
  readonly groups: readonly FindingGroup[];
  /** New detected position of each stream the batch touched. */
  readonly positions: readonly { readonly stream: string; readonly from: number; readonly to: number }[];
  /** Playbooks to start for incidents that this commit opens. */
  readonly playbooksFor: (incident: IncidentFacts) => readonly PlannedResponse[];
}

export interface DetectionStore {
  /**
   * One transaction: findings, incidents opened or updated, timeline, event_log, jobs of automatic responses, positions.
   * Throws CONFLICT when a position is no longer `from`: somebody else detected these events.
   */
  commit(batch: DetectionCommit): Promise<{ opened: number; updated: number }>;
}

/** A response about to be written: a playbook and its steps with their inputs resolved. */
export interface PlannedResponse {
  readonly playbook: string;
  readonly steps: readonly { readonly action: string; readonly input: JsonObject }[];
}

/** A step claimed for execution. */
export interface ClaimedStep {
  readonly responseId: string;
  readonly ordinal: number;
  readonly action: string;
  readonly input: JsonObject;
  readonly attempts: number;
  readonly idempotencyKey: string;
  readonly incident: IncidentFacts;
}

export interface ResponseStore {
  /**
   * Marks the step running and answers it; null when it is finished, its response is over, or its turn has not come.
   */
  claimStep(responseId: string, ordinal: number): Promise<ClaimedStep | null>;
  /** One transaction: outcome, timeline, event_log, and the next step's job or the end of the response. */
  finishStep(step: ClaimedStep, outcome: StepOutcome): Promise<void>;
  /**
   * Starts a response by hand and answers its id; a key that was used before answers the response of that time.
   * Throws NOT_FOUND without such an incident, CONFLICT when the key was used for something else.
   */
  start(request: StartRequest): Promise<string>;
  /** Newest raw records that findings of the incident rest on, at most `limit`. */
  evidenceRecords(incidentId: string, limit: number): Promise<readonly string[]>;
}

export interface StartRequest {
  readonly incidentKey: string;
  readonly response: PlannedResponse;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
}

/** The kill switch: the mode, which survives restarts. */
export interface ModeStore {
  agentMode(): Promise<AgentMode>;
  /** When the agent may run again, steps that were held back are enqueued anew, in the same transaction. */
  setAgentMode(mode: AgentMode, reason: string, by: string): Promise<void>;
}

export interface StepOutcome {
  readonly status: Extract<StepStatus, 'SUCCEEDED' | 'FAILED' | 'SKIPPED'>;
  /** One sentence for the timeline. */
  readonly summary: string;
  readonly output: JsonObject;
}

/** Where alerts go; one line a call. */
export interface AlertSink {
  alert(alert: { incidentId: string; title: string; severity: Severity; idempotencyKey: string }): Promise<void>;
}

/** What an administrator asks of the backend's emergency override. */
export interface OverrideIntent {
  readonly incidentKey: string | null;
  readonly justification: string;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
}

export interface OverrideRecord {
  readonly key: string;
  /** The backend's own id; null while the outcome of the activation is not known. */
  readonly backendId: string | null;
  readonly justification: string;
}

/** The record of overrides: the intent is written before the backend is asked, the outcome after. */
export interface OverrideLedger<Record extends OverrideRecord = OverrideRecord> {
  intend(intent: OverrideIntent): Promise<{ readonly override: Record; readonly isNew: boolean }>;
  activated(key: string, by: string, backend: BackendOverride): Promise<Record>;
  failed(key: string, by: string, error: ArgusError): Promise<Record>;
  deactivated(key: string, by: string): Promise<Record>;
  find(key: string): Promise<Record | null>;
}

/** The running processes, each with its heartbeat. */
export interface Instances {
  beat(instance: { id: string; host: string; pid: number; workerIds: readonly string[] }): Promise<void>;
  leave(id: string): Promise<void>;
  /** Frees the durable jobs of processes without a heartbeat for `deadAfterMs`; answers how many were dead. */
  freeJobsOfTheDead(deadAfterMs: number): Promise<number>;
}
