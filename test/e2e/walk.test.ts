import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Change, type Data, INCIDENT_FEED, SpawnedArgus, until } from '../support/spawn-argus';

const shell = promisify(execFile);

let argus: SpawnedArgus;
beforeAll(async () => (argus = await SpawnedArgus.start({ ARGUS_ADMIN_KEY: '' })), 60_000);
afterAll(() => argus.remove());

/** The commands that the banner shows, as a newcomer would copy them. */
function commands(): readonly [string, string] {
  const found = argus.output.match(/curl -s [\s\S]*?\n(?=\n)/g) ?? [];
  if (found.length !== 2) throw new Error(`the banner shows ${found.length} commands:\n${argus.output}`);
  return [found[0], found[1]!];
}

async function run(command: string): Promise<Data> {
  const { stdout } = await shell('sh', ['-c', command]);
  return JSON.parse(stdout) as Data;
}

it("shows, by the banner's own two commands, the incident that an attack became and its finished response", async () => {
  const feed = await argus.subscribe(INCIDENT_FEED);
  const [ingest, query] = commands();
  expect(await run(ingest)).toMatchObject({ accepted: 1, duplicates: 0, rejectedCount: 0 });

  const change: Change = await feed.next();
  expect(change).toMatchObject({ kind: 'OPENED', incident: { entity: { value: '203.0.113.7' }, stream: 'demo' } });
  const nodes = await until(async () => {
    const { data } = await run(query);
    const found: Data[] = data.incidents.nodes;
    const finished = ({ timeline }: Data): boolean =>
      timeline.nodes.some(({ summary }: Data) => summary === 'The response has finished.');
    return found.length > 0 && found.every(finished) && found;
  }, 'the finished response');
  expect(nodes[0]).toMatchObject({
    number: expect.any(Number),
    title: expect.stringContaining('203.0.113.7'),
    status: 'NEW',
  });
  await feed.close();
});

it('shows the admin key once, and goes on with it after a restart', async () => {
  expect(argus.output).toContain('shown this once');
  const key = argus.adminKey;
  expect(await argus.kill('SIGTERM')).toMatchObject({ code: 0 });
  await argus.restart();
  expect(argus.output).toContain('was shown at the first start');
  expect(argus.output).not.toContain(key);
  expect((await argus.ask('{ me { role } }', {}, key)).me.role).toBe('ADMIN');
  expect(
    (await argus.ask('{ incidents(first: 5) { nodes { number } } }', {}, key)).incidents.nodes.length,
  ).toBeGreaterThan(0);
});

it('says what is wrong with a setting, in words and with exit code 78, and never shows its value', async () => {
  const wrong = argus.sibling({ ARGUS_PORT: 'eighty-eighty', BACKEND_URL: 'ftp://secret@host' });
  await expect(wrong.restart()).rejects.toThrow(/ARGUS_PORT: [\s\S]*BACKEND_URL: /);
  expect(wrong.log).not.toMatch(/eighty-eighty|secret@host|\bat \S+ \(/);
  expect(wrong.exitCode).toBe(78);
});
