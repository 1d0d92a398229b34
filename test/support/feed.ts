import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';
import { until } from './until';

type Result = FormattedExecutionResult<Record<string, unknown>, unknown>;

/** What a graphql-ws client was given of one subscription, in order. */
export class TestFeed<T> {
  readonly items: T[] = [];
  /** Errors of the subscription, and the close event of its socket. */
  readonly problems: unknown[] = [];
  ended = false;
  #read = 0;

  private constructor(
    private readonly client: Client,
    private readonly field: string,
  ) {}

  /** Subscribes over a socket of its own. Resolves when the server has acknowledged the socket. */
  static async open<T>(
    url: string,
    key: string,
    { query, variables = {}, field }: { query: string; variables?: Record<string, unknown>; field: string },
  ): Promise<TestFeed<T>> {
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
      connectionParams: { authorization: `Bearer ${key}` },
      onNonLazyError: () => undefined,
    });
    const feed = new TestFeed<T>(client, field);
    client.on('closed', (event) => feed.problems.push(event));
    const connected = new Promise<void>((resolve, reject) => {
      client.on('connected', () => resolve());
      client.on('closed', reject);
    });
    client.subscribe(
      { query, variables },
      {
        next: (result) => feed.#take(result),
        error: (error) => {
          feed.problems.push(error);
          feed.ended = true;
        },
        complete: () => (feed.ended = true),
      },
    );
    await connected;
    return feed;
  }

  /** The next item not yet read. */
  async next(timeoutMs = 10_000): Promise<T> {
    await until(() => this.items.length > this.#read || this.problems.length > 0, 'the next item', timeoutMs);
    const item = this.items[this.#read];
    if (item === undefined) throw new Error(`the feed broke: ${JSON.stringify(this.problems)}`);
    this.#read++;
    return item;
  }

  /** All items once there are `count`. */
  async take(count: number, timeoutMs = 15_000): Promise<readonly T[]> {
    await until(() => this.items.length >= count, `item ${count} (there are ${this.items.length})`, timeoutMs);
    return this.items;
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }

  #take({ data, errors }: Result): void {
    if (errors) this.problems.push(errors);
    else this.items.push(data?.[this.field] as T);
  }
}
