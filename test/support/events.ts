import { OCSF_CLASS, STATUS_ID, type StoredEvent } from '../../src/domain/event';

let serial = 0;

/** A stored event with harmless defaults; each call gets the next offset. */
export function anEvent(overrides: Partial<StoredEvent> = {}): StoredEvent {
  serial++;
  return {
    stream: 'test',
    id: `event-${serial}`,
    time: 1_700_000_000_000,
    classUid: OCSF_CLASS.BASE_EVENT,
    statusId: STATUS_ID.UNKNOWN,
    severityId: 1,
    message: '',
    sourceIp: null,
    userName: null,
    httpStatus: null,
    texts: [],
    ocsf: {},
    raw: '{}',
    eventId: serial,
    offset: serial,
    receivedAt: 1_700_000_000_000,
    ...overrides,
  };
}

/** An event whose only content is this text. */
export function aTextEvent(text: string, path = 'prompt'): StoredEvent {
  return anEvent({ texts: [{ path, text }] });
}

/** A login attempt `seconds` after the epoch of the fixtures. */
export function aLogin(seconds: number, result: 'SUCCESS' | 'FAILURE', who: Partial<StoredEvent> = {}): StoredEvent {
  return anEvent({
    time: 1_700_000_000_000 + seconds * 1_000,
    classUid: OCSF_CLASS.AUTHENTICATION,
    statusId: STATUS_ID[result],
    sourceIp: '192.0.2.1',
    userName: 'alice',
    ...who,
  });
}
