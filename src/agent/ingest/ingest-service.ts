import { createHash } from 'node:crypto';
import { ArgusError, type ErrorCode } from '../../domain/errors';
import { OWN_STREAM, type SecurityEvent, STREAM_NAME } from '../../domain/event';
import { type Json } from '../../domain/json';
import { type Appended, type Clock } from '../ports';
import { INGEST_LIMITS, parseLine } from './parse-line';
import { type Line } from './line-splitter';

/** A line that was not taken, and why. */
export interface Rejected {
  readonly line: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** The fate of what was sent: lines in = accepted + duplicates + rejectedCount. Accepted events are durable. */
export interface IngestReport {
  accepted: number;
  duplicates: number;
  rejectedCount: number;
  /** The first 10,000 rejected lines. */
  readonly rejected: Rejected[];
}

type Submit = (events: readonly SecurityEvent[]) => Promise<readonly Appended[]>;

const CHUNK_EVENTS = 500;
const CHUNKS_IN_FLIGHT = 2;
const MAX_REJECTED_LISTED = 10_000;

/** Takes records of a stream, from NDJSON bodies and from mutations alike. */
export class IngestService {
  constructor(
    private readonly submit: Submit,
    private readonly clock: Clock,
  ) {}

  /**
   * A session for one body. With an idempotency key, records without an id of their own are told apart by key and line
   * number: equal lines are distinct events, and the same body sent again under the same key is all duplicates.
   * @throws ArgusError INVALID_STREAM_NAME; FORBIDDEN for streams that Argus itself writes.
   */
  open(stream: string, idempotencyKey: string | null): IngestSession {
    if (OWN_STREAM.test(stream)) {
      throw new ArgusError('FORBIDDEN', 'Streams that begin with "argus." are written by Argus alone.', ['stream']);
    }
    return this.#openAny(stream, idempotencyKey);
  }

  /** Takes events of Argus's own, into any stream. */
  async own(stream: string, values: readonly Json[]): Promise<IngestReport> {
    return this.#take(this.#openAny(stream, null), values);
  }

  #openAny(stream: string, idempotencyKey: string | null): IngestSession {
    if (!STREAM_NAME.test(stream)) {
      throw new ArgusError('INVALID_STREAM_NAME', 'A stream name is 1 to 64 of a-z, 0-9, dot, underscore and hyphen.', [
        'stream',
      ]);
    }
    return new IngestSession(stream, idempotencyKey, this.submit, this.clock);
  }

  /**
   * Takes records that are JSON values already.
   * @throws ArgusError INVALID_STREAM_NAME; INVALID_INPUT when there are none or more than `most`.
   */
  async values(
    stream: string,
    values: readonly Json[],
    { idempotencyKey, most }: { readonly idempotencyKey: string | null; readonly most: number },
  ): Promise<IngestReport> {
    if (values.length < 1 || values.length > most) {
      throw new ArgusError('INVALID_INPUT', `events: 1 to ${most}; these are ${values.length}.`, ['input', 'events']);
    }
    return this.#take(this.open(stream, idempotencyKey), values);
  }

  async #take(session: IngestSession, values: readonly Json[]): Promise<IngestReport> {
    for (const [index, value] of values.entries()) {
      await session.line({ number: index + 1, bytes: Buffer.from(JSON.stringify(value)) });
    }
    return session.finish();
  }
}

/** One body on its way in: lines are parsed as they come, stored in chunks, and held back when the store is slower. */
export class IngestSession {
  readonly report: IngestReport = { accepted: 0, duplicates: 0, rejectedCount: 0, rejected: [] };
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #inFlight = new Set<Promise<void>>();
  #chunk: SecurityEvent[] = [];
  #failure: unknown = null;

  constructor(
    private readonly stream: string,
    private readonly idempotencyKey: string | null,
    private readonly submit: Submit,
    private readonly clock: Clock,
  ) {}

  /** Takes one line; resolves when the next may come. Throws what the store threw. */
  async line(line: Line): Promise<void> {
    if (line.bytes?.length === 0) return;
    try {
      this.#chunk.push(this.#parse(line));
    } catch (error) {
      if (!(error instanceof ArgusError)) throw error;
      this.#reject(line.number, error);
      return;
    }
    if (this.#chunk.length >= CHUNK_EVENTS) await this.flush();
  }

  /** Sends what has gathered; waits only while too much is under way. */
  async flush(): Promise<void> {
    this.#throwFailure();
    if (this.#chunk.length > 0) {
      const chunk = this.#chunk;
      this.#chunk = [];
      const work = this.#store(chunk).finally(() => this.#inFlight.delete(work));
      this.#inFlight.add(work);
    }
    if (this.#inFlight.size >= CHUNKS_IN_FLIGHT) await Promise.race(this.#inFlight);
  }

  /** Resolves when everything is durable. */
  async finish(): Promise<IngestReport> {
    await this.flush();
    await Promise.all(this.#inFlight);
    this.#throwFailure();
    return this.report;
  }

  #parse({ number, bytes }: Line): SecurityEvent {
    if (bytes === null) throw new ArgusError('LINE_TOO_LARGE', `A line has at most ${INGEST_LIMITS.lineBytes} bytes.`);
    let raw: string;
    try {
      raw = this.#decoder.decode(bytes);
    } catch {
      throw new ArgusError('INVALID_ENCODING', 'The line is not valid UTF-8.');
    }
    const key = this.idempotencyKey;
    const fallbackId =
      key === null ? undefined : createHash('sha256').update(`${key}\n${number}`).digest('hex').slice(0, 32);
    const receivedAt = this.clock.now();
    return parseLine(raw, { stream: this.stream, receivedAt, ...(fallbackId !== undefined && { fallbackId }) });
  }

  #reject(line: number, { code, message }: ArgusError): void {
    this.report.rejectedCount++;
    if (this.report.rejected.length < MAX_REJECTED_LISTED) this.report.rejected.push({ line, code, message });
  }

  async #store(events: readonly SecurityEvent[]): Promise<void> {
    try {
      for (const answer of await this.submit(events)) {
        if ('stored' in answer) this.report.accepted++;
        else this.report.duplicates++;
      }
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #throwFailure(): void {
    if (this.#failure === null) return;
    throw new ArgusError('OVERLOADED', 'The events could not be stored now; send them again.', undefined, {
      cause: this.#failure,
    });
  }
}
