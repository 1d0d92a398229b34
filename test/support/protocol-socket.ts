import { WebSocket } from 'ws';

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A client that speaks graphql-transport-ws by hand, so that it can also speak it wrongly. */
export class ProtocolSocket {
  readonly received: Message[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #wake: () => void = () => undefined;
  #read = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as Message);
      this.#wake();
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      }),
    );
    socket.on('error', () => undefined);
  }

  /** Opens a socket; with `key`, also waits for its connection_ack. */
  static async open(url: string, key?: string, protocols = ['graphql-transport-ws']): Promise<ProtocolSocket> {
    const client = new ProtocolSocket(new WebSocket(url, protocols));
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    if (key !== undefined) {
      client.init(key);
      const ack = await client.next();
      if (ack.type !== 'connection_ack') throw new Error(`no ack but ${ack.type}`);
    }
    return client;
  }

  init(key: string): void {
    this.send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } });
  }

  subscribe(id: string, query: string, variables?: object): void {
    this.send({ id, type: 'subscribe', payload: { query, ...(variables && { variables }) } });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next message not yet read; rejects when the socket closes first. */
  async next(): Promise<Message> {
    while (this.#read >= this.received.length) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.received[this.#read++]!;
  }

  close(): void {
    this.socket.close(1000);
  }
}

/** How the server answered an upgrade that it refused. */
export function refusedUpgrade(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['graphql-transport-ws'], { headers });
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.once('open', () => reject(new Error('it opened')));
    socket.on('error', () => undefined);
  });
}
