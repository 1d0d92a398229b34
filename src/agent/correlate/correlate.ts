import { type Finding } from '../../domain/finding';
import { maxSeverity, severityRank } from '../../domain/severity';
import { type FindingGroup } from '../ports';

/**
 * What makes findings one incident: the family of the rule (`content.prompt-injection`) and the entity they are about.
 * A thousand findings of one cause, or ten rules firing on one text, are one incident.
 */
export function fingerprintOf(finding: Finding): string {
  const family = finding.rule.split('.').slice(0, 2).join('.');
  return `${family}|${finding.entity.type}|${finding.entity.value}`;
}

/** Groups findings by fingerprint, in order of appearance. Title and severity are those of the gravest finding. */
export function correlate(findings: readonly Finding[]): readonly FindingGroup[] {
  const groups = Map.groupBy(findings, fingerprintOf);
  return [...groups].map(([fingerprint, members]) => {
    const gravest = members.reduce((a, b) => (severityRank(b.severity) > severityRank(a.severity) ? b : a));
    return {
      fingerprint,
      title: `${gravest.title}: ${gravest.entity.value}`.slice(0, 300),
      severity: members.map(({ severity }) => severity).reduce(maxSeverity),
      findings: members,
    };
  });
}
