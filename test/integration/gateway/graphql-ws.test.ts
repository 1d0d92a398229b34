import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ProtocolSocket, refusedUpgrade } from '../../support/protocol-socket';
import { SECRET, startToy, type Toy, until } from '../../support/toy-gateway';

let toy: Toy;
afterEach(() => toy.drain());
const start = async (...args: Parameters<typeof startToy>): Promise<void> => {
  toy = await startToy(...args);
};

const item = (n: number): { cursor: string; text: string } => ({ cursor: `c${n}`, text: `t${n}` });

describe('graphql-transport-ws', () => {
  it('serves queries, mutations and subscriptions to the standard client', async () => {
    await start();
    const client = createClient({
      url: toy.ws,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer viewer' },
    });
    const once = async (query: string): Promise<unknown> => (await client.iterate({ query }).next()).value;
    expect(await once('{ me }')).toEqual({ data: { me: 'viewer' } });
    expect(await once('mutation { add(a: 2, b: 3) }')).toEqual({ data: { add: 5 } });

    const feed = client.iterate({ query: 'subscription { items { cursor text } }' });
    const first = feed.next();
    await until(() => toy.feeds.length === 1);
    toy.feeds[0]?.push(item(1));
    expect((await first).value).toEqual({ data: { items: item(1) } });
    toy.feeds[0]?.end();
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    await client.dispose();
  });

  it('gives each event of a subscription a context of its own', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { serial } }');
    await until(() => toy.feeds.length === 1);
    for (const n of [1, 2, 3]) toy.feeds[0]?.push(item(n));
    const serials = [await client.next(), await client.next(), await client.next()].map(
      ({ payload }) => (payload as { data: { items: { serial: number } } }).data.items.serial,
    );
    expect(new Set(serials).size).toBe(3);
    client.close();
  });

  it.each<[string, (client: ProtocolSocket) => void, number]>([
    ['text that is no JSON', (client) => client.send('{'), 4400],
    ['a message without type', (client) => client.send({}), 4400],
    ['an unknown type', (client) => client.send({ type: 'start' }), 4400],
    ['a subscribe without id', (client) => client.send({ type: 'subscribe', payload: { query: '{ me }' } }), 4400],
    ['a subscribe without query', (client) => client.send({ id: '1', type: 'subscribe', payload: {} }), 4400],
    ['a binary message', (client) => client.socket.send(Buffer.from('{"type":"ping"}')), 4400],
    ['a subscribe before connection_init', (client) => client.subscribe('1', '{ me }'), 4401],
    ['a wrong key', (client) => client.init('wrong'), 4403],
    ['no key', (client) => client.send({ type: 'connection_init' }), 4403],
    [
      'a key that is no text',
      (client) => client.send({ type: 'connection_init', payload: { authorization: 7 } }),
      4403,
    ],
    ['two connection_init', (client) => [1, 2].forEach(() => client.init('admin')), 4429],
    ['a message over the limit', (client) => client.send({ type: 'ping', payload: { pad: 'x'.repeat(20_000) } }), 1009],
  ])('closes on %s', async (_name, misbehave, code) => {
    await start({ limits: { messageBytes: 10_000 } });
    const client = await ProtocolSocket.open(toy.ws);
    misbehave(client);
    expect((await client.closed).code).toBe(code);
    expect(toy.errors()).toEqual([]);
  });

  it('closes on malformed UTF-8 with 1007', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    const raw = (client.socket as unknown as { _socket: { write(data: Buffer): void } })._socket;
    raw.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]));
    expect((await client.closed).code).toBe(1007);
  });

  it('closes with 4406 when no known subprotocol is offered', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, undefined, []);
    expect((await client.closed).code).toBe(4406);
  });

  it('closes with 4408 when connection_init does not come', async () => {
    await start({ limits: { initTimeoutMs: 50 } });
    expect((await (await ProtocolSocket.open(toy.ws)).closed).code).toBe(4408);
  });

  it('closes with 4409 on an id in use', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text } }');
    client.subscribe('1', 'subscription { items { text } }');
    expect((await client.closed).code).toBe(4409);
    await until(() => toy.feeds.length === 1 && toy.disposals() === 1);
  });

  it('closes with 4403 within the interval when a key is revoked, and leaves others alone', async () => {
    await start({ limits: { revalidateEveryMs: 20 } });
    const [revoked, other] = [await ProtocolSocket.open(toy.ws, 'viewer'), await ProtocolSocket.open(toy.ws, 'admin')];
    toy.revoked.add('p-viewer');
    expect((await revoked.closed).code).toBe(4403);
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    other.close();
  });

  it('masks an authentication that breaks', async () => {
    await start({ authenticate: () => Promise.reject(new Error(SECRET)) });
    const client = await ProtocolSocket.open(toy.ws);
    client.init('admin');
    expect(await client.closed).toEqual({ code: 4500, reason: 'Internal error' });
    expect(toy.errors()).toHaveLength(1);
  });

  it('answers pings before and after connection_init', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws);
    client.send({ type: 'ping', payload: { n: 1 } });
    expect(await client.next()).toEqual({ type: 'pong', payload: { n: 1 } });
    client.close();
  });
});

describe('the upgrade', () => {
  it('is taken at /graphql alone', async () => {
    await start();
    expect(await refusedUpgrade(`${toy.ws}/other`)).toBe(404);
    expect(await refusedUpgrade(toy.ws.replace('/graphql', '/'))).toBe(404);
  });

  it('checks the Origin of browsers when told to', async () => {
    await start({ origins: ['https://argus.example'] });
    expect(await refusedUpgrade(toy.ws, { origin: 'https://evil.example' })).toBe(403);
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.close();
  });

  it('is answered 503 beyond the cap on sockets', async () => {
    await start({ limits: { sockets: 1 } });
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    expect(await refusedUpgrade(toy.ws)).toBe(503);
    client.close();
  });
});

describe('caps', () => {
  it('closes the socket too many of a principal with 4429, and forgets closed ones', async () => {
    await start({ limits: { socketsPerPrincipal: 2 } });
    const [first] = [await ProtocolSocket.open(toy.ws, 'admin'), await ProtocolSocket.open(toy.ws, 'admin')];
    const third = await ProtocolSocket.open(toy.ws);
    third.init('admin');
    expect((await third.closed).code).toBe(4429);
    first.close();
    await first.closed;
    (await ProtocolSocket.open(toy.ws, 'admin')).close();
  });

  it('answers RATE_LIMITED to the operation too many, and the socket lives on', async () => {
    await start({ limits: { operationsPerSocket: 2 } });
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    for (const id of ['1', '2', '3']) client.subscribe(id, 'subscription { items { text } }');
    expect(await client.next()).toMatchObject({
      id: '3',
      type: 'error',
      payload: [{ extensions: { code: 'RATE_LIMITED', retryable: true } }],
    });
    client.send({ id: '1', type: 'complete' });
    await until(() => toy.disposals() === 1);
    client.subscribe('4', '{ me }');
    expect(await client.next()).toMatchObject({ id: '4', type: 'next' });
    client.close();
  });

  it('cuts a socket that does not answer pings', async () => {
    await start({ limits: { pingEveryMs: 30 } });
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text } }');
    await until(() => toy.feeds.length === 1);
    client.socket.pause();
    await until(() => toy.disposals() === 1);
    client.socket.resume();
    expect((await client.closed).code).toBe(1006);
  });
});

it('stops reading from a client that does not read its answers, and goes on when it does', async () => {
  await start({ limits: { pingEveryMs: 60_000 } });
  const client = await ProtocolSocket.open(toy.ws, 'admin');
  client.socket.pause();
  const [pings, pad] = [400, 'x'.repeat(100_000)];
  for (let n = 0; n < pings; n++) client.send({ type: 'ping', payload: { pad } });
  let unsent = 0;
  while (unsent !== client.socket.bufferedAmount) {
    unsent = client.socket.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  // What the server did not take waits at the client's side.
  expect(unsent).toBeGreaterThan((pings * pad.length) / 2);
  client.socket.resume();
  await until(() => client.received.filter(({ type }) => type === 'pong').length === pings, 20_000);
  client.close();
});

describe('errors over WebSocket', () => {
  it('mask a context that cannot be made, also in mid-subscription', async () => {
    let made = 0;
    await start({
      makeContext: ({ principal, requestId }) => {
        if (made++ > 0) throw new Error(SECRET);
        return { principal, requestId, serial: 0 };
      },
    });
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text } }');
    await until(() => toy.feeds.length === 1);
    toy.feeds[0]?.push(item(1));
    const masked = [{ message: 'Internal error', extensions: { code: 'INTERNAL' } }];
    expect(await client.next()).toMatchObject({ id: '1', type: 'error', payload: masked });
    expect(toy.disposals()).toBe(1);
    client.subscribe('2', '{ me }');
    expect(await client.next()).toMatchObject({ id: '2', type: 'error', payload: masked });
    client.close();
  });

  it('are masked and logged once, as over HTTP', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', '{ boom me }');
    const answer = await client.next();
    expect(answer).toMatchObject({
      type: 'next',
      payload: {
        data: { boom: null, me: 'admin' },
        errors: [{ message: 'Internal error', extensions: { code: 'INTERNAL' } }],
      },
    });
    expect(toy.errors()).toHaveLength(1);
    client.subscribe('2', 'query ($n: Int!) { wait(ms: $n) }', { n: 'x' });
    await client.next();
    expect(await client.next()).toMatchObject({ payload: { errors: [{ extensions: { code: 'INVALID_INPUT' } }] } });
    client.close();
  });

  it.each([
    ['refused', 'CURSOR_EXPIRED', 0],
    ['broken', 'INTERNAL', 1],
  ])('tell why a subscription is %s', async (field, code, logged) => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', `subscription { ${field} { text } }`);
    const answer = await client.next();
    expect(answer).toMatchObject({ payload: { errors: [{ path: [field], extensions: { code } }] } });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(await client.next()).toEqual({ id: '1', type: 'complete' });
    expect(toy.errors()).toHaveLength(logged);
    client.close();
  });

  it('are masked in events and when a feed fails', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text boom } }');
    await until(() => toy.feeds.length === 1);
    toy.feeds[0]?.push(item(1));
    expect(await client.next()).toMatchObject({
      payload: { data: { items: { text: 't1', boom: null } }, errors: [{ message: 'Internal error' }] },
    });
    toy.feeds[0]?.fail(new Error(SECRET));
    expect(await client.next()).toMatchObject({
      type: 'error',
      payload: [{ message: 'Internal error', extensions: { code: 'INTERNAL' } }],
    });
    expect(toy.errors()).toHaveLength(2);
    client.close();
  });
});

describe('feeds', () => {
  it('ends a slow consumer with SLOW_CONSUMER and the last cursor, after everything that was queued', async () => {
    await start({}, 5);
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { cursor } }');
    await until(() => toy.feeds.length === 1);
    let pushed = 0;
    // In one go, so that nothing is sent in between: one goes to the waiting consumer, five are queued.
    while (toy.feeds[0]?.push(item(pushed + 1))) pushed++;
    expect(pushed).toBe(6);
    for (let n = 1; n <= pushed; n++) {
      expect(await client.next()).toMatchObject({ type: 'next', payload: { data: { items: { cursor: `c${n}` } } } });
    }
    expect(await client.next()).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ extensions: { code: 'SLOW_CONSUMER', cursor: 'c6', retryable: true } }],
    });
    expect(toy.disposals()).toBe(1);
    expect(toy.errors()).toEqual([]);
    client.subscribe('2', '{ me }');
    expect(await client.next()).toMatchObject({ id: '2', type: 'next' });
    client.close();
  });

  it('survives a client that stops reading: memory is bounded, others are served', async () => {
    await start({}, 100);
    const [slow, quick] = [await ProtocolSocket.open(toy.ws, 'admin'), await ProtocolSocket.open(toy.ws, 'viewer')];
    slow.subscribe('1', 'subscription { items { text } }');
    await until(() => toy.feeds.length === 1);
    quick.subscribe('1', 'subscription { items { cursor } }');
    await until(() => toy.feeds.length === 2);
    slow.socket.pause();
    const text = 'x'.repeat(50_000);
    let sent = 0;
    while (toy.feeds[0]?.push({ cursor: `c${sent}`, text })) {
      toy.feeds[1]?.push(item(sent++));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(toy.disposals()).toBe(1);
    expect(toy.feeds[0]?.size).toBe(100);
    for (let n = 0; n < sent; n++) {
      expect(await quick.next()).toMatchObject({ payload: { data: { items: { cursor: `c${n}` } } } });
    }
    slow.socket.resume();
    await until(() => slow.received.at(-1)?.type === 'error');
    expect(slow.received.at(-1)).toMatchObject({
      payload: [{ extensions: { code: 'SLOW_CONSUMER', cursor: `c${sent - 1}` } }],
    });
    slow.close();
    quick.close();
  });

  it('are disposed on complete', async () => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text } }');
    await until(() => toy.feeds.length === 1);
    client.send({ id: '1', type: 'complete' });
    await until(() => toy.disposals() === 1);
    client.close();
  });

  it.each(['close', 'terminate'] as const)('are disposed when the socket is gone by %s', async (how) => {
    await start();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    for (const id of ['1', '2', '3']) client.subscribe(id, 'subscription { items { text } }');
    await until(() => toy.feeds.length === 3);
    client.socket[how]();
    await until(() => toy.disposals() === 3);
    expect(toy.feeds.map((feed) => feed.push(item(1)))).toEqual([false, false, false]);
  });

  it.each(['complete', 'close'] as const)(
    'are disposed on %s while the subscription is still being made',
    async (how) => {
      await start();
      const client = await ProtocolSocket.open(toy.ws, 'admin');
      client.subscribe('1', 'subscription { slowItems { text } }');
      client.send({ type: 'ping' });
      await client.next();
      if (how === 'complete') {
        client.send({ id: '1', type: 'complete' });
        client.send({ type: 'ping' });
        await client.next();
      } else {
        client.close();
        await client.closed;
      }
      toy.openGate();
      await until(() => toy.feeds.length === 1 && toy.disposals() === 1);
      client.close();
    },
  );

  /** Subscribes and completes under one id, faster than subscriptions are made, then subscribes once more. */
  async function reuseId(times: number): Promise<ProtocolSocket> {
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    for (let n = 1; n <= times; n++) {
      client.subscribe('1', 'subscription { slowItems { text } }');
      client.send({ type: 'ping' });
      if (n < times) client.send({ id: '1', type: 'complete' });
    }
    await until(() => client.received.filter(({ type }) => type === 'pong').length === times);
    toy.openGate();
    await until(() => toy.feeds.length > 0);
    return client;
  }

  it('are disposed also when a client reuses an id before its subscription is made', async () => {
    await start();
    const client = await reuseId(3);
    await until(() => toy.feeds.length === 3);
    client.close();
    await until(() => toy.disposals() === 3);
  });

  it('are capped also when a client reuses an id before its subscription is made', async () => {
    await start({ limits: { operationsPerSocket: 3 } });
    const client = await reuseId(20);
    client.close();
    await client.closed;
    expect(toy.feeds.length).toBeLessThanOrEqual(3);
    await until(() => toy.disposals() === toy.feeds.length);
  });
});
