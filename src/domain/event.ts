import { type JsonObject } from './json';

/** OCSF 1.4 `observable.type`, the few that Argus acts on. */
export const OBSERVABLE_TYPES = [
  'IP_ADDRESS',
  'USER_NAME',
  'HOSTNAME',
  'TOKEN_HASH',
  'CONTENT_HASH',
  'DOCUMENT',
  'BACKEND_TOOL',
  'STREAM',
] as const;
export type ObservableType = (typeof OBSERVABLE_TYPES)[number];

/** Something an event, finding or incident is about and that can be looked up, watched or blocked. */
export interface Observable {
  readonly type: ObservableType;
  readonly value: string;
}

/** OCSF 1.4 class identifiers that the normaliser assigns. */
export const OCSF_CLASS = {
  BASE_EVENT: 0,
  DETECTION_FINDING: 2004,
  AUTHENTICATION: 3002,
  NETWORK_ACTIVITY: 4001,
  HTTP_ACTIVITY: 4002,
  API_ACTIVITY: 6003,
  APPLICATION_ERROR: 6008,
} as const;

/** OCSF `status_id`. */
export const STATUS_ID = { UNKNOWN: 0, SUCCESS: 1, FAILURE: 2 } as const;

/** A piece of untrusted free text in an event: what content detectors read. */
export interface TextField {
  /** Where it stood in the received record, e.g. `prompt` or `http_request.url`. */
  readonly path: string;
  readonly text: string;
}

/** What happened, in OCSF's shape: the one form in which the agent sees the world. */
export interface SecurityEvent {
  readonly stream: string;
  /** Deduplication key within the stream; 1…512 characters. */
  readonly id: string;
  /** When it happened by its own account, ms since 1970-01-01 UTC. */
  readonly time: number;
  /** OCSF `class_uid`. */
  readonly classUid: number;
  /** OCSF `status_id`: 0 unknown, 1 success, 2 failure. */
  readonly statusId: number;
  /** OCSF `severity_id` as the source gave it: 0 unknown … 6 fatal. */
  readonly severityId: number;
  readonly message: string;
  /** OCSF `src_endpoint.ip`. */
  readonly sourceIp: string | null;
  /** OCSF `actor.user.name`. */
  readonly userName: string | null;
  /** OCSF `http_response.code`. */
  readonly httpStatus: number | null;
  readonly texts: readonly TextField[];
  /** The OCSF-shaped object that is stored and shown: the mapped attributes, and the rest under `unmapped`. */
  readonly ocsf: JsonObject;
  /** The record exactly as received. */
  readonly raw: string;
}

/** An event that the store has acknowledged. */
export interface StoredEvent extends SecurityEvent {
  /** Store-wide id, rising in order of arrival. */
  readonly eventId: number;
  /** Position in its stream: 1, 2, 3 … without gaps. */
  readonly offset: number;
  /** When the store took it, ms since 1970-01-01 UTC. */
  readonly receivedAt: number;
}

/** Stream names as they stand in URLs. */
export const STREAM_NAME = /^[a-z0-9._-]{1,64}$/;

/** Streams that Argus itself writes: what others say must not pass for its own word. */
export const OWN_STREAM = /^argus\./;
