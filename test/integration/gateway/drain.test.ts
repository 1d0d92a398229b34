import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { ProtocolSocket } from '../../support/protocol-socket';
import { post, send, startToy, until } from '../../support/toy-gateway';

const slow = { query: '{ wait(ms: 300) }' };

describe('drain', () => {
  it('lets running requests finish, closes sockets with 1001, ends feeds, then takes nothing more', async () => {
    const toy = await startToy();
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.subscribe('1', 'subscription { items { text } }');
    await until(() => toy.feeds.length === 1);
    const running = post(toy, slow);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const drained = toy.drain();
    expect((await client.closed).code).toBe(1001);
    expect((await running).body.data).toEqual({ wait: 'waited' });
    await drained;
    expect(toy.disposals()).toBe(1);
    await expect(send(`${toy.url}/livez`)).rejects.toThrow();
    await expect(ProtocolSocket.open(toy.ws)).rejects.toThrow();
    expect(toy.errors()).toEqual([]);
  });

  it('does not wait for idle kept-alive connections, not even those that were busy when it began', async () => {
    const toy = await startToy();
    const agent = new Agent({ keepAlive: true });
    const req = request(toy.graphql, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer admin' },
    });
    req.end(JSON.stringify(slow));
    const answered = once(req, 'response').then(([response]) => (response as { resume(): void }).resume());
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start = Date.now();
    await Promise.all([toy.drain(), answered]);
    expect(Date.now() - start).toBeLessThan(4_500);
    agent.destroy();
  });

  it('cuts what has not ended within drainMs: endless requests and sockets that do not answer', async () => {
    const toy = await startToy({ limits: { drainMs: 100 } });
    const client = await ProtocolSocket.open(toy.ws, 'admin');
    client.socket.pause();
    const endless = post(toy, { query: '{ wait(ms: 2000) }' });
    const cut = expect(endless).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start = Date.now();
    await toy.drain();
    expect(Date.now() - start).toBeLessThan(1_900);
    await cut;
    client.socket.terminate();
  });

  it('may be asked for twice', async () => {
    const toy = await startToy();
    await Promise.all([toy.drain(), toy.drain()]);
  });

  it('leaves a port that cannot be had to the caller', async () => {
    const toy = await startToy();
    await expect(startToy({ port: toy.port })).rejects.toThrow('EADDRINUSE');
    await toy.drain();
  });
});
