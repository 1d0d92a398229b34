import { type Log } from '../domain/log';
import { messageOf } from '../domain/errors';
import { type EventLog, type LogEntry } from './event-log';

const PAGE = 1_000;
const POLL_MS = 1_000;

type Listener = (entry: LogEntry) => void;

/** One reader of the event log for the whole process; everyone who follows shares it. */
export class LogTail {
  readonly #listeners = new Set<Listener>();
  #position = 0;
  #running: Promise<void> | null = null;
  #again = false;
  #poll: NodeJS.Timeout | null = null;
  #failing = false;

  constructor(
    private readonly eventLog: EventLog,
    private readonly log: Log,
  ) {}

  /** Begins at the present end of the log, and looks once a second even when nobody wakes it. */
  async start(): Promise<void> {
    this.#position = await this.eventLog.head();
    this.#poll = setInterval(() => this.wake(), POLL_MS);
    this.#poll.unref();
  }

  /** Id of the last entry that was handed to listeners. */
  get position(): number {
    return this.#position;
  }

  /** Reads on until the end; calls while it reads make it look once more. */
  wake(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain().finally(() => {
      this.#running = null;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  /** Hands on every entry from now on, in commit order. Listeners must neither throw nor wait. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#poll) clearInterval(this.#poll);
    this.#again = false;
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const entries = await this.eventLog.readAfter(this.#position, PAGE);
        for (const entry of entries) {
          this.#position = entry.id;
          for (const listener of this.#listeners) listener(entry);
        }
        if (entries.length < PAGE) break;
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.log.warn({ error: messageOf(error) }, 'event log cannot be read');
      this.#failing = true; // the poll tries again
    }
  }
}
