import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ArgusError } from '../domain/errors';
import { type Route } from './router';

/** Set on every answer; a route that serves pages overrides what it must. */
export const SECURITY_HEADERS = new Map([
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
]);

/** How long the rest of a refused body is thrown away before the connection is cut. */
const LINGER_MS = 1_000;

/** An error and the exchange that it ends. */
export interface FailedExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly error: ArgusError;
  readonly requestId: string;
  readonly format?: Route['formatError'];
}

/** Writes JSON with its length, also when the request's body has not been read. */
export function answerJson(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('content-length', Buffer.byteLength(body));
  endExchange(res, body);
}

/** Ends an exchange with an error, also when the request's body has not been read. */
export function answerError({ req, res, error, requestId, format }: FailedExchange): void {
  const answer = format?.(error, req, requestId) ?? {
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ error: { ...error.toProblem(), requestId } }),
  };
  if (error.code === 'UNAUTHENTICATED') res.setHeader('www-authenticate', 'Bearer');
  res.statusCode = error.httpStatus;
  res.setHeader('content-type', answer.contentType);
  res.setHeader('content-length', Buffer.byteLength(answer.body));
  endExchange(res, answer.body);
}

function endExchange(res: ServerResponse, body: string): void {
  const { req } = res;
  if (req.complete || !hasBody(req)) {
    res.end(body);
    return;
  }
  // The body was not read to its end. Closing at once would reset the connection under a client that still sends, and
  // it would lose the answer: so the whole answer goes out, the rest of the body is thrown away, then we close.
  res.setHeader('connection', 'close');
  res.write(body);
  const close = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(close, LINGER_MS);
  req.once('end', close);
  req.once('close', close);
  req.resume();
}

/** True when nobody is there to read an answer. */
export function hasLeft(req: IncomingMessage, res: ServerResponse): boolean {
  return res.destroyed || req.socket.destroyed;
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}
