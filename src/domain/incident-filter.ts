import { type IncidentStatus, isOpen } from './incident';
import { type Severity, severityRank } from './severity';

/** Which incidents a list or a feed is about. Every part that is given must hold; an empty filter is all. */
export interface IncidentFilter {
  readonly open?: boolean;
  readonly status?: readonly IncidentStatus[];
  readonly minSeverity?: Severity;
  readonly rule?: string;
  readonly stream?: string;
  /** Value of the entity, e.g. an IP address. */
  readonly entity?: string;
  readonly assignee?: string;
}

/** What of an incident the filter looks at. */
export interface FilteredIncident {
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly rule: string;
  readonly stream: string;
  readonly entityValue: string;
  readonly assignee: string | null;
}

/** The filter on one incident in memory; `store/incident-reader.ts` says the same in SQL. */
export function matchesFilter(filter: IncidentFilter, incident: FilteredIncident): boolean {
  const { open, status, minSeverity, rule, stream, entity, assignee } = filter;
  return (
    (open === undefined || open === isOpen(incident.status)) &&
    (status === undefined || status.includes(incident.status)) &&
    (minSeverity === undefined || severityRank(incident.severity) >= severityRank(minSeverity)) &&
    (rule === undefined || rule === incident.rule) &&
    (stream === undefined || stream === incident.stream) &&
    (entity === undefined || entity === incident.entityValue) &&
    (assignee === undefined || assignee === incident.assignee)
  );
}
