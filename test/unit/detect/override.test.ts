import { normalise } from '../../../src/agent/ingest/normalise';
import { createOverrideDetector } from '../../../src/agent/detect/override';
import { type StoredEvent } from '../../../src/domain/event';

function event(override: object, operation = 'OVERRIDE_STATUS'): StoredEvent {
  const record = { class_uid: 6003, status_id: 1, api: { operation }, unmapped: { override } };
  const options = { stream: 'argus.backend', raw: JSON.stringify(record), receivedAt: 1_700_000_000_000 };
  return { ...normalise(record, options), eventId: 1, offset: 1, receivedAt: options.receivedAt };
}

function findings(...events: readonly StoredEvent[]): readonly string[] {
  const detector = createOverrideDetector();
  return detector.detect(events, detector.initialState()).findings.map(({ rule, severity }) => `${rule} ${severity}`);
}

it('finds an override without an end critical', () => {
  expect(findings(event({ id: 'o1', end_time: null }))).toEqual(['backend.override.never-ends CRITICAL']);
});

it.each([
  ['one that ends', event({ id: 'o1', end_time: 5 })],
  ['one that says nothing of its end', event({ id: 'o1' })],
  ['another operation', event({ id: 'o1', end_time: null }, 'HEALTH')],
])('leaves %s alone', (_, one) => expect(findings(one)).toEqual([]));
