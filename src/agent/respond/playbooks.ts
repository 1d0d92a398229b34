import { type IncidentFacts } from '../../domain/incident';
import { type Severity, severityRank } from '../../domain/severity';
import { type PlannedResponse } from '../ports';
import { type ActionName } from './actions';

/** A playbook: steps that run one after another, and which new incidents start it by themselves. */
export interface Playbook {
  readonly name: string;
  readonly description: string;
  readonly steps: readonly ActionName[];
  /** Absent: only people start it. */
  readonly automatic?: { readonly ruleFamily: RegExp; readonly minSeverity: Severity };
}

/** The playbooks that Argus brings. Only those of low risk start by themselves: they change nothing in the world. */
export const PLAYBOOKS: readonly Playbook[] = [
  {
    name: 'alert-and-resanitise',
    description:
      'Alerts, and has the backend sanitise the offending content anew so that no agent reads it as it came.',
    steps: ['alert', 'resanitise'],
    automatic: { ruleFamily: /^content\./, minSeverity: 'MEDIUM' },
  },
  {
    name: 'alert',
    description: 'Alerts.',
    steps: ['alert'],
    automatic: { ruleFamily: /^(?!content\.)/, minSeverity: 'MEDIUM' },
  },
  {
    name: 'trigger-workflow',
    description: "Alerts and hands the incident to the backend's n8n workflow.",
    steps: ['alert', 'trigger-workflow'],
  },
];

/** The playbook of this name; null when there is none. */
export function findPlaybook(name: string): Playbook | null {
  return PLAYBOOKS.find((playbook) => playbook.name === name) ?? null;
}

/** A run of the playbook, ready to be written. */
export function plan(playbook: Playbook): PlannedResponse {
  return { playbook: playbook.name, steps: playbook.steps.map((action) => ({ action, input: {} })) };
}

/** What a newly opened incident starts by itself: the first playbook that fits. */
export function automaticResponses(incident: IncidentFacts): readonly PlannedResponse[] {
  const fits = ({ automatic }: Playbook): boolean =>
    automatic !== undefined &&
    automatic.ruleFamily.test(incident.rule) &&
    severityRank(incident.severity) >= severityRank(automatic.minSeverity);
  const playbook = PLAYBOOKS.find(fits);
  return playbook ? [plan(playbook)] : [];
}
