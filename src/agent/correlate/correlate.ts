import { type Finding } from '../../domain/finding';
import { severityRank } from '../../domain/severity';
import { type FindingGroup } from '../ports';

/**
 * What makes findings one incident: the family of the rule (`content.prompt-injection`) and the entity they are about.
 * A thousand findings of one cause are one incident.
 */
export function fingerprintOf(finding: Finding): string {
  const family = finding.rule.split('.').slice(0, 2).join('.');
  return `${family}|${finding.entity.type}|${finding.entity.value}`;
}

/**
 * Groups findings by fingerprint, in order of appearance. What one detector finds in one event about one entity stays
 * together, under the fingerprint of the gravest: ten rules firing on one text are one incident. Title and severity are
 * those of the gravest finding.
 */
export function correlate(findings: readonly Finding[]): readonly FindingGroup[] {
  const together = Map.groupBy(
    findings,
    ({ event, detector, entity }) => `${event.stream}|${event.offset}|${detector}|${entity.type}|${entity.value}`,
  );
  const groups = new Map<string, Finding[]>();
  for (const members of together.values()) {
    const fingerprint = fingerprintOf(gravest(members));
    const group = groups.get(fingerprint);
    if (group) group.push(...members);
    else groups.set(fingerprint, [...members]);
  }
  return [...groups].map(([fingerprint, members]) => {
    const lead = gravest(members);
    return {
      fingerprint,
      title: `${lead.title}: ${lead.entity.value}`.slice(0, 300),
      severity: lead.severity,
      lead,
      findings: members,
    };
  });
}

/** Of the gravest severity the surest; of those the first. */
function gravest(findings: readonly Finding[]): Finding {
  const rank = ({ severity, score }: Finding): number => severityRank(severity) + score / 2;
  return findings.reduce((a, b) => (rank(b) > rank(a) ? b : a));
}
