/** OCSF `severity_id` 1…5, in rising order. */
export const SEVERITIES = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Order of severities: INFORMATIONAL 1 … CRITICAL 5, equal to OCSF's `severity_id`. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity) + 1;
}
