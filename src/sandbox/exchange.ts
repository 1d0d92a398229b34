import { type IncomingHttpHeaders } from 'node:http';

/** A request, read to its end. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly ip: string;
  readonly raw: Buffer;
  /** The body as the framework parses it: `{}` unless JSON or urlencoded. */
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What happens once the answer is out. */
  readonly after?: () => void;
}

export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** A plain sentence that calls itself HTML, as the rate limiter answers. */
export function sentence(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body: Buffer.from(text) };
}

/** The framework's error page, stack trace included. */
export function errorPage(status: number, error: string): Reply {
  const page =
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n' +
    `<pre>${error}<br> &nbsp; &nbsp;at parse (/app/node_modules/body-parser/lib/types/json.js:92:19)` +
    '<br> &nbsp; &nbsp;at /app/node_modules/body-parser/lib/read.js:128:18</pre>\n</body>\n</html>\n';
  return sentence(status, page, {
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'",
  });
}

/** A promise that is never kept: the request hangs. */
export function hang(): Promise<Reply> {
  return new Promise(() => undefined);
}

/** The first value of a header. */
export function header(exchange: Exchange, name: string): string | undefined {
  const value = exchange.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
