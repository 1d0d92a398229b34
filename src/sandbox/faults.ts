import { isJsonObject } from '../domain/json';

/**
 * How the sandbox can be told to misbehave. LATENCY answers `ms` late · STATUS answers `status` as JSON · HTML_ERROR
 * answers `status` as a page with a stack trace · EMPTY_BODY and WRONG_TYPE answer 200 · RESET ends the connection
 * before an answer, RESET_MID_BODY in the middle of one · HANG never answers · OVERSIZE answers 200 with `bytes` of
 * JSON · RATE_LIMIT answers 429 with Retry-After of `ms` · CRASH ends every connection and refuses new ones for `ms` ·
 * CERTIFICATE_CHANGE serves the other certificate from now on.
 */
export const FAULT_KINDS = [
  'LATENCY',
  'STATUS',
  'HTML_ERROR',
  'EMPTY_BODY',
  'WRONG_TYPE',
  'RESET',
  'RESET_MID_BODY',
  'HANG',
  'OVERSIZE',
  'RATE_LIMIT',
  'CRASH',
  'CERTIFICATE_CHANGE',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Paths that begin with this; '' = all. */
  readonly path: string;
  readonly ms: number;
  readonly status: number;
  readonly bytes: number;
  /** Requests it has still to spoil. */
  times: number;
}

/** The faults in force. */
export class FaultBook {
  private faults: Fault[] = [];

  add(fault: Fault): void {
    this.faults.push(fault);
  }

  clear(): void {
    this.faults = [];
  }

  /** The oldest fault for this path, used up by one; null when there is none. */
  take(path: string): Fault | null {
    const fault = this.faults.find((one) => path.startsWith(one.path));
    if (!fault) return null;
    fault.times--;
    if (fault.times <= 0) this.faults = this.faults.filter((one) => one !== fault);
    return fault;
  }
}

/** The fault that a body describes: `{kind, path?, times?, ms?, status?, bytes?}`; null when it describes none. */
export function parseFault(body: unknown): Fault | null {
  if (!isJsonObject(body)) return null;
  const kind = FAULT_KINDS.find((one) => one === body.kind);
  if (!kind) return null;
  const number = (name: string, usual: number): number => {
    const value = body[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : usual;
  };
  return {
    kind,
    path: typeof body.path === 'string' ? body.path : '',
    times: number('times', 1),
    ms: number('ms', 1_000),
    status: Math.min(599, Math.max(200, number('status', 500))),
    bytes: number('bytes', 64 * 1024 * 1024),
  };
}
