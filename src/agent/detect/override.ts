import { OCSF_CLASS, type StoredEvent } from '../../domain/event';
import { type Finding } from '../../domain/finding';
import { isJsonObject } from '../../domain/json';
import { type Detector } from './detector';

const DETECTOR = { detector: 'override', detectorVersion: '1.0.0' } as const;
const EXCERPT = 200;

/** Looks for emergency overrides of the backend that never end: while one is active, every caller passes its checks. */
export function createOverrideDetector(): Detector<null> {
  return {
    id: DETECTOR.detector,
    version: DETECTOR.detectorVersion,
    initialState: () => null,
    detect: (events, state) => ({
      findings: events.flatMap((event) => {
        const id = immortalOverride(event);
        return id === null ? [] : [findingOf(event, id)];
      }),
      state,
    }),
  };
}

/** Id of the override that the event says has no end; null when it says no such thing. */
function immortalOverride({ classUid, ocsf }: StoredEvent): string | null {
  const { api, unmapped } = ocsf;
  if (classUid !== OCSF_CLASS.API_ACTIVITY || !isJsonObject(api) || api.operation !== 'OVERRIDE_STATUS') return null;
  const override = isJsonObject(unmapped) ? unmapped.override : undefined;
  if (!isJsonObject(override) || override.end_time !== null || typeof override.id !== 'string') return null;
  return override.id;
}

function findingOf(event: StoredEvent, id: string): Finding {
  return {
    event,
    ...DETECTOR,
    rule: 'backend.override.never-ends',
    title: 'Emergency override without an end',
    severity: 'CRITICAL',
    score: 0.95,
    explanation: `The backend's emergency override ${id} has no end; until somebody ends it, every caller passes its checks.`,
    entity: { type: 'BACKEND_TOOL', value: `override ${id}`.slice(0, EXCERPT) },
    evidence: [{ path: 'unmapped.override.end_time', excerpt: 'null' }],
    attack: ['T1562.001', 'T1078'],
    owaspLlm: [],
  };
}
