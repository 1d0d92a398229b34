import { isJsonObject } from '../domain/json';
import { BackendError, type BackendTool } from './backend-error';

/** An answer of the backend, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  /** Media type in lower case without parameters; empty when the backend names none. */
  readonly contentType: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where the body went to a sink. */
  readonly body: Buffer;
}

const LONGEST_MESSAGE = 200;
const LONGEST_READ = 4_000;
const FILE_PATH = /(?:[a-z]:)?(?:[\\/][\w.@~-]+){2,}(?::\d+)*/gi;
const CONTROL = /[\p{Cc}\p{Cf}]+/gu;

/** Makes a function that cuts text down to what may be shown: no secret, file path, control character, or length. */
export function createScrubber(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets.filter((secret) => secret !== '');
  return (text) => {
    let safe = text.slice(0, LONGEST_READ);
    for (const secret of hidden) safe = safe.replaceAll(secret, '[secret]');
    return safe.replace(FILE_PATH, '[path]').replace(CONTROL, ' ').trim().slice(0, LONGEST_MESSAGE);
  };
}

/** The error for an answer that is not what was asked for. Only a JSON `message` or `error` is quoted, scrubbed. */
export function errorOfAnswer(tool: BackendTool, answer: HttpAnswer, scrub: (text: string) => string): BackendError {
  const { status } = answer;
  const said = reasonIn(answer);
  const suffix = said === null ? '' : `: ${scrub(said)}`;
  if (status === 429) {
    const retryAfterMs = retryAfterOf(answer.headers['retry-after']);
    return new BackendError(tool, 'RATE_LIMITED', `the backend's rate limit for ${tool} is reached`, {
      status,
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }
  if (status >= 500) {
    const retryAfterMs = retryAfterOf(answer.headers['retry-after']);
    return new BackendError(tool, 'SERVER_ERROR', `the backend failed with status ${status}${suffix}`, {
      status,
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }
  if (status >= 400) {
    return new BackendError(tool, 'REFUSED', `the backend refused with status ${status}${suffix}`, { status });
  }
  return malformed(tool, `unexpected status ${status}`, status);
}

/** The error for an answer whose status is right and whose body is not. */
export function malformed(tool: BackendTool, what: string, status?: number): BackendError {
  const message = `the backend's answer to ${tool} is malformed: ${what}`;
  return new BackendError(tool, 'MALFORMED_ANSWER', message, status === undefined ? {} : { status });
}

/** `Retry-After` in seconds as ms; null when absent or an HTTP date, which this backend never sends. */
export function retryAfterOf(value: string | undefined): number | null {
  if (value === undefined || !/^\d{1,6}$/.test(value)) return null;
  return Number(value) * 1000;
}

function reasonIn(answer: HttpAnswer): string | null {
  if (answer.contentType !== 'application/json') return null;
  try {
    const body: unknown = JSON.parse(answer.body.toString('utf8'));
    if (!isJsonObject(body)) return null;
    for (const text of [body.message, body.error]) if (typeof text === 'string' && text !== '') return text;
    return null;
  } catch {
    return null;
  }
}
