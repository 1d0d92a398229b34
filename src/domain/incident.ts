import { type Observable } from './event';
import { type Severity } from './severity';

export const INCIDENT_STATUSES = ['NEW', 'TRIAGED', 'IN_PROGRESS', 'CONTAINED', 'RESOLVED', 'CLOSED'] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

export const DISPOSITIONS = ['TRUE_POSITIVE', 'FALSE_POSITIVE', 'BENIGN', 'DUPLICATE'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** What a subscriber of incidents is told happened. */
export const INCIDENT_CHANGE_KINDS = ['OPENED', 'UPDATED', 'STATUS', 'RESPONSE', 'OVERRIDE'] as const;
export type IncidentChangeKind = (typeof INCIDENT_CHANGE_KINDS)[number];

/** What the timeline of an incident records. */
export const TIMELINE_KINDS = [
  'OPENED',
  'FINDINGS',
  'STATUS',
  'RESPONSE_STARTED',
  'STEP_SUCCEEDED',
  'STEP_FAILED',
  'RESPONSE_FINISHED',
  'OVERRIDE_ACTIVATED',
  'OVERRIDE_DEACTIVATED',
  'COMMENT',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** An incident is open until it is resolved or closed; one open incident per fingerprint. */
export function isOpen(status: IncidentStatus): boolean {
  return status !== 'RESOLVED' && status !== 'CLOSED';
}

/** The facts of an incident that correlation and playbooks decide on. */
export interface IncidentFacts {
  readonly id: string;
  readonly fingerprint: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly entity: Observable;
  readonly rule: string;
  readonly stream: string;
}
