import { type Observable, type StoredEvent } from './event';
import { type Severity } from './severity';

/** Where in an event the claim rests: enough to show it without running the detector again. */
export interface Evidence {
  /** Field of the event, as `TextField.path`, or the attribute that was counted. */
  readonly path: string;
  /** Byte range [start, end) in the UTF-8 form of that field; absent where the evidence is not text. */
  readonly start?: number;
  readonly end?: number;
  /** The text at that place, at most 200 characters, control and invisible characters escaped as \u{…}. */
  readonly excerpt: string;
  /** Decodings between the field and the match, outermost first, e.g. ['base64', 'url']. */
  readonly decodedBy?: readonly string[];
  /** Measured values behind the claim, e.g. { failures: 12, windowSeconds: 60 }. */
  readonly features?: Readonly<Record<string, number>>;
}

/** A detector's claim about one event (and those before it). Plain data; the store gives it an id. */
export interface Finding {
  readonly event: StoredEvent;
  readonly detector: string;
  readonly detectorVersion: string;
  /** Stable id of the rule within the detector, e.g. `content.prompt-injection.override-instructions`. */
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  /** Confidence that this is a threat, 0…1. */
  readonly score: number;
  /** One sentence for a person: what was seen, where, why it matters. */
  readonly explanation: string;
  /** What the finding is about; findings of one rule about one entity belong to one incident. */
  readonly entity: Observable;
  readonly evidence: readonly Evidence[];
  /** MITRE ATT&CK technique ids, e.g. T1110.004. */
  readonly attack: readonly string[];
  /** OWASP LLM Top-10 2025 ids, e.g. LLM01. */
  readonly owaspLlm: readonly string[];
}
