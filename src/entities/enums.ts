import { registerEnumType } from 'type-graphql';
import { OBSERVABLE_TYPES } from '../domain/event';
import { DISPOSITIONS, INCIDENT_CHANGE_KINDS, INCIDENT_STATUSES, TIMELINE_KINDS } from '../domain/incident';
import { AGENT_MODES, RESPONSE_STATUSES, RESPONSE_TRIGGERS, STEP_STATUSES } from '../domain/response';
import { ROLES } from '../domain/role';
import { SEVERITIES } from '../domain/severity';

/** A GraphQL enum from a list of words: key and value are the same, so schema, table and log agree. */
function enumOf<const Words extends readonly string[]>(
  name: string,
  words: Words,
  description: string,
): { readonly [Word in Words[number]]: Word } {
  const object = Object.fromEntries(words.map((word) => [word, word])) as { [Word in Words[number]]: Word };
  registerEnumType(object, { name, description });
  return object;
}

export const SeverityEnum = enumOf('Severity', SEVERITIES, 'OCSF severity_id 1 to 5.');
export const IncidentStatusEnum = enumOf(
  'IncidentStatus',
  INCIDENT_STATUSES,
  'Where an incident stands; open until RESOLVED or CLOSED.',
);
export const DispositionEnum = enumOf('Disposition', DISPOSITIONS, 'What an incident turned out to be.');
export const IncidentChangeKindEnum = enumOf(
  'IncidentChangeKind',
  INCIDENT_CHANGE_KINDS,
  'What happened to the incident.',
);
export const TimelineKindEnum = enumOf('TimelineKind', TIMELINE_KINDS, 'What a timeline entry records.');
export const ResponseStatusEnum = enumOf('ResponseStatus', RESPONSE_STATUSES, 'Where a response stands.');
export const StepStatusEnum = enumOf('StepStatus', STEP_STATUSES, 'Where a step of a response stands.');
export const ResponseTriggerEnum = enumOf('ResponseTrigger', RESPONSE_TRIGGERS, 'Who started a response.');
export const AgentModeEnum = enumOf(
  'AgentMode',
  AGENT_MODES,
  'RUNNING: detects and responds. PAUSED: detects, starts no automatic response. KILLED: no step runs.',
);
export const RoleEnum = enumOf('Role', ROLES, 'Each role may do what those before it may.');
export const ObservableTypeEnum = enumOf('ObservableType', OBSERVABLE_TYPES, 'Kinds of observables, after OCSF.');
