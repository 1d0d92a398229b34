import { mkdirSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { type TrailEntry } from './audit-log';
import { type Boot, boot, type Settings } from './boot';
import { errorPage, type Exchange, type Handler, json, type Reply, sentence } from './exchange';
import { type Fault, FaultBook, parseFault } from './faults';
import { writePipelineResults } from './historic-lines';
import { JobTable } from './job-book';
import { OBSERVED_QUIRKS, type Quirks } from './quirks';
import { BodyError, readExchange } from './request';
import { createRouter } from './router';
import { refuseNonAdmin } from './routes-admin';
import { plantedEntry } from './training-data';

export interface SandboxTls {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM of the authority whose client certificates are required; absent = none is asked for. */
  readonly clientCa?: string;
  /** What CERTIFICATE_CHANGE serves instead. */
  readonly other?: { readonly cert: string; readonly key: string };
}

export interface SandboxOptions {
  /** 0 or absent = any free port. */
  readonly port?: number;
  /** Address to listen on; this machine alone by default. */
  readonly host?: string;
  readonly adminSecret: string;
  readonly trustTokenSecret: string;
  /** Folder for the backend's files: two audit logs, and `tmp/jest-results.json` with historic lines; absent = none are written. */
  readonly auditDir?: string;
  /** Deviations from the backend as observed. */
  readonly quirks?: Partial<Quirks>;
  readonly tls?: SandboxTls;
  /** How long a crashed backend refuses connections, ms. */
  readonly restartMs?: number;
  readonly clock?: { now(): number };
  /** Records for the training export, each with at least a `decisionOutcome`. */
  readonly trainingData?: readonly object[];
}

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  /** Ends every connection and listens no more. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in of the backend: the same paths, answers and faults, for demos and tests. Beside them, for holders
 * of the admin secret, `POST` and `DELETE /__sandbox/faults` and `POST /__sandbox/training-data`.
 * Rejects when it cannot listen.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new SandboxServer(options);
  await sandbox.listen(options.port ?? 0);
  const { port } = sandbox;
  const scheme = options.tls ? 'https' : 'http';
  return { url: `${scheme}://127.0.0.1:${port}`, port, close: () => sandbox.close() };
}

class SandboxServer {
  port = 0;
  private readonly faults = new FaultBook();
  private readonly settings: Settings;
  private readonly planted: readonly TrailEntry[];
  private server: Server | HttpsServer;
  private boot: Boot;
  private route: Handler;
  private closed = false;
  private restart: NodeJS.Timeout | null = null;

  constructor(private readonly options: SandboxOptions) {
    const now = (): number => options.clock?.now() ?? Date.now();
    if (options.auditDir !== undefined) mkdirSync(options.auditDir, { recursive: true });
    this.settings = {
      adminSecret: options.adminSecret,
      trustTokenSecret: options.trustTokenSecret,
      auditDir: options.auditDir,
      quirks: { ...OBSERVED_QUIRKS, ...options.quirks },
      now,
      jobs: new JobTable(now),
      crash: () => this.crash(options.restartMs ?? 1_500),
    };
    if (this.settings.quirks.historicAuditLines && options.auditDir !== undefined) {
      writePipelineResults(options.auditDir, now());
    }
    this.planted = (options.trainingData ?? [])
      .map((record) => plantedEntry(record, now()))
      .filter((entry) => entry !== null);
    this.boot = boot(this.settings, this.planted);
    this.route = createRouter(this.boot);
    this.server = this.createServer();
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, this.options.host ?? '127.0.0.1', () => {
        this.server.off('error', reject);
        this.port = (this.server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.restart) clearTimeout(this.restart);
    if (!this.server.listening) return;
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  /** The process dies: its memory is gone, and nobody listens until it has been started again. */
  private crash(downMs: number): void {
    if (this.closed || !this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    this.restart = setTimeout(() => {
      if (this.closed) return;
      this.boot = boot(this.settings, this.planted);
      this.route = createRouter(this.boot);
      this.server = this.createServer();
      this.listen(this.port).catch(() => this.crash(downMs));
    }, downMs);
    this.restart.unref();
  }

  private createServer(): Server | HttpsServer {
    const { tls } = this.options;
    const handle = (request: IncomingMessage, response: ServerResponse): void => void this.handle(request, response);
    const server = tls
      ? createHttpsServer({ cert: tls.cert, key: tls.key, ...clientAuth(tls) }, handle)
      : createHttpServer(handle);
    server.keepAliveTimeout = 5_000;
    return server;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A caller that goes away is not the server's business.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      const exchange = await readExchange(request);
      if (exchange.path === '/__sandbox/faults') {
        write(response, this.control(exchange));
        return;
      }
      const fault = this.faults.take(exchange.path);
      if (fault && (await this.misbehave(fault, request, response))) return;
      write(response, await this.route(exchange));
    } catch (error) {
      if (request.socket.destroyed) return;
      if (error instanceof BodyError) {
        write(response, this.frameworkError(error.status, error.message));
        return;
      }
      write(response, this.frameworkError(500, 'Error: unexpected'));
    }
  }

  private frameworkError(status: number, message: string): Reply {
    return this.settings.quirks.htmlErrors ? errorPage(status, message) : json(status, { error: message });
  }

  private control(exchange: Exchange): Reply {
    const refusal = refuseNonAdmin(this.boot, exchange);
    if (refusal) return refusal;
    if (exchange.method === 'DELETE') {
      this.faults.clear();
      return json(200, { cleared: true });
    }
    const fault = parseFault(exchange.body);
    if (!fault) return json(400, { error: 'kind is unknown' });
    if (fault.kind === 'CRASH' && fault.path === '') {
      return { ...json(200, { fault }), after: () => this.crash(fault.ms) };
    }
    if (fault.kind === 'CERTIFICATE_CHANGE') {
      const { tls } = this.options;
      if (!tls?.other || !('setSecureContext' in this.server)) return json(400, { error: 'no other certificate' });
      this.server.setSecureContext({ ...tls.other, ...clientAuth(tls) });
      return json(200, { fault }, { Connection: 'close' });
    }
    this.faults.add(fault);
    return json(200, { fault });
  }

  /** True when the fault has dealt with the request. */
  private async misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    switch (fault.kind) {
      case 'LATENCY':
        await sleep(fault.ms, undefined, { ref: false });
        return false;
      case 'STATUS':
        write(response, json(fault.status, { error: 'Injected fault' }));
        return true;
      case 'HTML_ERROR':
        write(response, errorPage(fault.status, 'Error: injected at /app/src/routes/api.js:42'));
        return true;
      case 'EMPTY_BODY':
        write(response, { status: 200, headers: { 'Content-Type': 'application/json' }, body: Buffer.alloc(0) });
        return true;
      case 'WRONG_TYPE':
        write(response, sentence(200, '<html><body>It works!</body></html>'));
        return true;
      case 'RESET':
        request.socket.resetAndDestroy();
        return true;
      case 'RESET_MID_BODY':
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"sanitizedData":"cut', () => request.socket.resetAndDestroy());
        return true;
      case 'HANG':
        return true;
      case 'OVERSIZE':
        await writeOversize(response, fault.bytes);
        return true;
      case 'RATE_LIMIT':
        write(response, sentence(429, 'Too many requests.', { 'Retry-After': String(Math.ceil(fault.ms / 1000)) }));
        return true;
      case 'CRASH':
        this.crash(fault.ms);
        return true;
      case 'CERTIFICATE_CHANGE':
        return false;
    }
  }
}

function clientAuth({ clientCa }: SandboxTls): object {
  return clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

function write(response: ServerResponse, reply: Reply): void {
  if (response.destroyed || response.headersSent) return;
  if (reply.after) response.once('finish', reply.after);
  const chunked = reply.headers['Transfer-Encoding'] === 'chunked';
  const length = chunked ? {} : { 'Content-Length': String(reply.body.length) };
  response.writeHead(reply.status, { 'X-Powered-By': 'Express', ...reply.headers, ...length });
  response.end(response.req.method === 'HEAD' ? undefined : reply.body);
}

async function writeOversize(response: ServerResponse, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const chunks = Array<Buffer>(Math.ceil(bytes / chunk.length)).fill(chunk);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  // The caller is expected to hang up in the middle.
  await pipeline(Readable.from(chunks), response).catch(() => undefined);
}
