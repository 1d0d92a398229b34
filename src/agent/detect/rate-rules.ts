import { type ObservableType, OCSF_CLASS, STATUS_ID, type StoredEvent } from '../../domain/event';
import { type Severity } from '../../domain/severity';

/** A rate rule as data: which events count, for whom, over what time, how many are too many. */
export interface RateRule {
  /** `rate.<family>.<name>`, stable. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly score: number;
  readonly attack: readonly string[];
  readonly why: string;
  readonly windowSeconds: number;
  /** Alarm at this many. */
  readonly threshold: number;
  /** What is counted, for the sentence: "failed logins". */
  readonly counted: string;
  readonly entity: ObservableType;
  /** Whom the event counts for; null: it does not count. */
  readonly key: (event: StoredEvent) => string | null;
  /** Counts different values of this instead of events; null: the event has none. */
  readonly distinct?: (event: StoredEvent) => string | null;
  /** The count alarms only while it is at least this share of all events that `key` and `among` accept. */
  readonly share?: { readonly atLeast: number; readonly among: (event: StoredEvent) => boolean };
  /** Whether the event counts; others of the same key matter for `share` alone. */
  readonly counts: (event: StoredEvent) => boolean;
}

const isLogin = (event: StoredEvent): boolean => event.classUid === OCSF_CLASS.AUTHENTICATION;
const isFailedLogin = (event: StoredEvent): boolean => isLogin(event) && event.statusId === STATUS_ID.FAILURE;
const isRequest = (event: StoredEvent): boolean =>
  event.classUid === OCSF_CLASS.HTTP_ACTIVITY || event.classUid === OCSF_CLASS.API_ACTIVITY;
const isRefused = (event: StoredEvent): boolean =>
  isRequest(event) && event.httpStatus !== null && event.httpStatus >= 400 && event.httpStatus < 500;
const isOperation = (event: StoredEvent): boolean =>
  event.classUid === OCSF_CLASS.API_ACTIVITY || event.classUid === OCSF_CLASS.APPLICATION_ERROR;
const isBackendFailure = (event: StoredEvent): boolean =>
  event.classUid === OCSF_CLASS.APPLICATION_ERROR ||
  (isRequest(event) && event.httpStatus !== null && event.httpStatus >= 500) ||
  (isOperation(event) && event.statusId === STATUS_ID.FAILURE && (event.httpStatus ?? 500) >= 500);

const sourceIp = (event: StoredEvent): string | null => event.sourceIp;
const userName = (event: StoredEvent): string | null => event.userName;

/**
 * Thresholds follow common practice: OWASP ASVS 5 (at most 100 failures an hour for an account; far fewer before a
 * delay), sshd's MaxAuthTries 6, fail2ban's 5 in 10 minutes. One person who mistypes stays below all of them.
 */
export const RATE_RULES: readonly RateRule[] = [
  {
    id: 'rate.authentication.brute-force',
    title: 'Password guessing from one source',
    severity: 'HIGH',
    score: 0.85,
    attack: ['T1110.001'],
    why: 'people who mistype stop earlier',
    windowSeconds: 300,
    threshold: 5,
    counted: 'failed logins',
    entity: 'IP_ADDRESS',
    key: sourceIp,
    counts: isFailedLogin,
  },
  {
    id: 'rate.authentication.distributed-guessing',
    title: 'One account tried from many sources',
    severity: 'HIGH',
    score: 0.85,
    attack: ['T1110.001', 'T1110.004'],
    why: 'guessing spread over sources slips under limits per source',
    windowSeconds: 600,
    threshold: 4,
    counted: 'sources of failed logins',
    entity: 'USER_NAME',
    key: userName,
    distinct: sourceIp,
    counts: isFailedLogin,
  },
  {
    id: 'rate.authentication.many-users',
    title: 'Many accounts tried from one source',
    severity: 'HIGH',
    score: 0.9,
    attack: ['T1110.003', 'T1110.004'],
    why: 'one password over many accounts, or stolen pairs, fail only once for each account',
    windowSeconds: 600,
    threshold: 5,
    counted: 'accounts with failed logins',
    entity: 'IP_ADDRESS',
    key: sourceIp,
    distinct: userName,
    counts: isFailedLogin,
  },
  {
    id: 'rate.request.flood',
    title: 'Request flood from one source',
    severity: 'MEDIUM',
    score: 0.7,
    attack: ['T1499', 'T1498'],
    why: 'no person and few programs ask that often',
    windowSeconds: 10,
    threshold: 200,
    counted: 'requests',
    entity: 'IP_ADDRESS',
    key: sourceIp,
    counts: isRequest,
  },
  {
    id: 'rate.request.errors',
    title: 'Burst of refused requests from one source',
    severity: 'MEDIUM',
    score: 0.7,
    attack: ['T1595.003', 'T1595.002'],
    why: 'scanners and scrapers ask for what is not there or not theirs',
    windowSeconds: 60,
    threshold: 20,
    counted: 'requests answered 4xx',
    entity: 'IP_ADDRESS',
    key: sourceIp,
    share: { atLeast: 0.5, among: isRequest },
    counts: isRefused,
  },
  {
    id: 'rate.backend.failing',
    title: 'Backend operations fail',
    severity: 'HIGH',
    score: 0.75,
    attack: ['T1499.004'],
    why: 'the content it should clean may pass unclean or not at all',
    windowSeconds: 120,
    threshold: 5,
    counted: 'failed operations',
    entity: 'STREAM',
    key: (event) => event.stream,
    share: { atLeast: 0.5, among: (event) => isOperation(event) || isRequest(event) },
    counts: isBackendFailure,
  },
];

/** A success behind this many failures of the same source and account is a guessed password, not a mistyped one. */
export const GUESSED_PASSWORD = {
  id: 'rate.authentication.guessed-password',
  title: 'Login succeeded after password guessing',
  severity: 'CRITICAL',
  score: 0.9,
  attack: ['T1110', 'T1078'],
  windowSeconds: 600,
  /** Failures of the source, whatever the account. */
  threshold: 5,
} as const;

/** Whether the event is a login that succeeded, or one that failed. */
export function loginResult(event: StoredEvent): 'SUCCESS' | 'FAILURE' | null {
  if (!isLogin(event)) return null;
  if (event.statusId === STATUS_ID.SUCCESS) return 'SUCCESS';
  return event.statusId === STATUS_ID.FAILURE ? 'FAILURE' : null;
}
