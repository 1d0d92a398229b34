import { startTestBackend, type TestBackend } from '../support/backend';
import { anAttack, SpawnedArgus, until } from '../support/spawn-argus';

const INCIDENTS = 12;

let backend: TestBackend;
let argus: SpawnedArgus;
beforeAll(async () => {
  backend = await startTestBackend();
  argus = await SpawnedArgus.start(backend.settings);
}, 60_000);
afterAll(async () => {
  await argus.remove();
  await backend.close();
});

async function steps(status: string): Promise<number> {
  const [row] = await argus.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM response_steps WHERE action = 'resanitise' AND status = $1`,
    [status],
  );
  return row?.n ?? 0;
}

it('finishes every response once when the program was killed while steps ran, within 25 s of its restart', async () => {
  // Slow enough to be caught at it, whichever attempt it is.
  await backend.fault({ kind: 'LATENCY', path: '/api/sanitize', times: 1_000, ms: 2_000 });
  await argus.ingest(
    'responses',
    Array.from({ length: INCIDENTS }, (_, i) => anAttack(`user-${i}`)),
  );
  await until(async () => (await steps('RUNNING')) >= 5, 'running steps');
  await argus.kill('SIGKILL');
  await backend.clearFaults();
  expect(await steps('RUNNING')).toBeGreaterThan(0);

  await argus.restart();
  await until(async () => (await steps('SUCCEEDED')) === INCIDENTS, 'the end of all responses', 25_000);
  const entries = await argus.query(
    `SELECT count(*) FILTER (WHERE kind = 'STEP_SUCCEEDED')::int AS steps,
       count(*) FILTER (WHERE kind = 'RESPONSE_FINISHED')::int AS ends,
       count(*) FILTER (WHERE kind = 'STEP_FAILED')::int AS failures
     FROM incident_timeline GROUP BY incident_id`,
  );
  expect(entries).toEqual(Array.from({ length: INCIDENTS }, () => ({ steps: 2, ends: 1, failures: 0 })));
}, 60_000);
