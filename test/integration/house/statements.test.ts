import { anAttack, startTestArgus, type TestArgus, until } from '../../support/argus';

/** What goes on in the background whoever asks: not part of the price of a page. */
const BACKGROUND = /event_log|agent_instances|api_keys|PARTITION OF|graphile_worker|FROM settings/;

const sent: string[] = [];
let argus: TestArgus;
beforeAll(async () => {
  argus = await startTestArgus({ onStatement: (sql) => void sent.push(sql) });
  const lines = Array.from({ length: 50 }, (_, i) => [
    anAttack(`user-${i}`),
    anAttack(`user-${i}`),
    anAttack(`user-${i}`),
  ]);
  await argus.ingest('statements', lines.flat());
  await until(async () => {
    const [row] = await argus.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM responses WHERE status = 'SUCCEEDED'`,
    );
    return row!.n === 50;
  }, 'the end of 50 responses');
});
afterAll(() => argus.stop());

const PAGE = `query ($first: Int!) { incidents(first: $first) { nodes {
  number title
  findings(first: 10) { nodes { rule event { uid raw } incident { number } } pageInfo { hasNextPage } }
  timeline(first: 10) { nodes { kind summary } }
  responses { playbook incident { title } steps { action status summary } }
} } }`;

async function priceOf(first: number): Promise<{ statements: readonly string[]; incidents: number }> {
  sent.length = 0;
  const { incidents } = await argus.ask(PAGE, { first });
  expect(incidents.nodes[0].findings.nodes[0].event.uid).toEqual(expect.any(String));
  expect(incidents.nodes[0].responses[0].steps).toHaveLength(2);
  return { statements: sent.filter((sql) => !BACKGROUND.test(sql)), incidents: incidents.nodes.length };
}

it('pays 7 statements for the whole incident page, for 1 incident as for 50', async () => {
  const one = await priceOf(1);
  const fifty = await priceOf(50);
  expect([one.incidents, fifty.incidents]).toEqual([1, 50]);
  // incidents, findings, timeline, responses, events, steps, and the incidents that findings and responses lead back to
  expect([one.statements.length, fifty.statements.length]).toEqual([7, 7]);
});

it('pays 1 statement for a page of events, findings or streams', async () => {
  for (const list of ['events', 'findings', 'streams']) {
    sent.length = 0;
    await argus.ask(`{ ${list}(first: 100) { nodes { id } pageInfo { endCursor } } }`);
    expect(sent.filter((sql) => !BACKGROUND.test(sql))).toHaveLength(1);
  }
});
