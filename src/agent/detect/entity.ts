import { type Observable, type StoredEvent } from '../../domain/event';

/** What a finding about this event is about: where it came from, else who did it, else the stream. */
export function entityOf(event: StoredEvent): Observable {
  if (event.sourceIp !== null) return { type: 'IP_ADDRESS', value: event.sourceIp };
  if (event.userName !== null) return { type: 'USER_NAME', value: event.userName };
  return { type: 'STREAM', value: event.stream };
}
