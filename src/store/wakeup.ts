import { Client } from 'pg';
import { type Log } from '../domain/log';
import { messageOf } from '../domain/errors';

const CHANNEL = 'argus_log';
const COALESCE_MS = 5;
const RECONNECT_MS = 1_000;

/**
 * Tells every process that the event log has grown. Carries no data: a lost notification costs time until the next poll,
 * never an event. Ours is told directly; the others by one NOTIFY in 5 ms, outside any transaction.
 */
export class Wakeup {
  readonly #listeners = new Set<() => void>();
  #client: Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Wake-ups so far. */
  #wakes = 0;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  /** Connects; goes on reconnecting for as long as it is open. */
  async start(): Promise<void> {
    const client = new Client({ connectionString: this.url, application_name: 'argus-wakeup', keepAlive: true });
    client.on('notification', () => this.#tell());
    client.on('error', (error) => this.log.warn({ error: error.message }, 'wake-up connection failed'));
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    client.on('end', () => this.#reconnect()); // only now: a failed attempt is its caller's to repeat
    this.#client = client;
    this.#tell();
  }

  /** Calls back whenever there may be something new. Answers how to stop. */
  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called after a commit that appended to the event log. */
  wake(): void {
    this.#tell();
    this.#wakes++;
    this.#timer ??= setTimeout(() => void this.#notify(), COALESCE_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#client?.end();
  }

  /** One NOTIFY at a time; a wake-up that comes while it runs gets one of its own. */
  async #notify(): Promise<void> {
    const served = this.#wakes;
    try {
      await this.#client?.query(`NOTIFY ${CHANNEL}`);
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'notify failed');
    } finally {
      this.#timer = this.#wakes > served && !this.#closed ? setTimeout(() => void this.#notify(), COALESCE_MS) : null;
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #reconnect(): void {
    this.#client = null;
    if (this.#closed) return;
    setTimeout(() => {
      if (this.#closed) return;
      this.start().catch((error: unknown) => {
        this.log.warn({ error: messageOf(error) }, 'wake-up connection failed');
        this.#reconnect();
      });
    }, RECONNECT_MS).unref();
  }
}
