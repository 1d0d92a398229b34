import { SpawnedArgus, until } from '../support/spawn-argus';
import { chunked, numberedEvents, sendUntilCut } from '../support/load';

let argus: SpawnedArgus;
beforeAll(async () => (argus = await SpawnedArgus.start()), 60_000);
afterAll(() => argus.remove());

it('ends with 0 within 10 s of SIGTERM under load, and loses nothing acknowledged', async () => {
  const loads = Array.from({ length: 4 }, (_, n) =>
    sendUntilCut(argus, `load-${n}`, chunked(numberedEvents(20_000, { prefix: `${n}-` }), 1_000)),
  );
  const head = async (): Promise<number> => {
    const [row] = await argus.query<{ n: number }>('SELECT coalesce(sum(head), 0)::int AS n FROM streams');
    return row?.n ?? 0;
  };
  await until(async () => (await head()) > 10_000, 'load', 30_000);
  const ended = await argus.kill('SIGTERM');
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.tookMs).toBeLessThan(10_000);

  const acknowledged = (await Promise.all(loads)).flat().reduce((sum, { accepted }) => sum + accepted, 0);
  expect(acknowledged).toBeGreaterThan(5_000);
  await argus.restart();
  expect(await head()).toBeGreaterThanOrEqual(acknowledged);
  await until(async () => (await argus.lag()) === 0, 'the end of detection', 60_000);
  const [wrong] = await argus.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT e.id FROM events e LEFT JOIN findings f ON f.event_id = e.id
       WHERE e.raw LIKE '%Ignore all%' GROUP BY e.id HAVING count(f.id) <> 1) AS x`,
  );
  expect(wrong).toEqual({ n: 0 });
}, 120_000);

it('answers the second start on the same data folder with the reason, and leaves the first alone', async () => {
  const other = argus.sibling();
  await expect(other.restart()).rejects.toThrow(/Another Argus \(process \d+\) uses/);
  expect((await argus.ask('{ me { role } }')).me.role).toBe('ADMIN');
});
