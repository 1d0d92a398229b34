import { type Data, type House, startHouse, until } from './house';

let house: House;

beforeAll(async () => {
  house = await startHouse();
}, 60_000);

afterAll(() => house.stop());

it('notices an outage when nobody calls the backend, and its end', async () => {
  await house.fault({ kind: 'CRASH', ms: 35_000 });
  const health = async (): Promise<Data> => {
    const { backend, incidents } = await house.ask(
      '{ backend { tools { tool breaker failures } } incidents(first: 9) { edges { node { stream severity } } } }',
    );
    const tool = (backend.tools as Data[]).find((one) => one.tool === 'HEALTH') ?? {};
    return { ...tool, incidents: incidents.edges };
  };
  await until(async () => (await health()).incidents.length > 0, 'an availability incident', 60_000);
  expect((await health()).incidents).toEqual([{ node: { stream: 'argus.backend', severity: 'HIGH' } }]);
  await until(async () => (await health()).breaker === 'CLOSED', 'recovery', 40_000);
  const messages = '{ events(first: 20, filter: { stream: "argus.backend" }) { edges { node { message } } } }';
  await until(
    async () => JSON.stringify(await house.ask(messages)).includes('The backend answers HEALTH again.'),
    'an event of the recovery',
  );
}, 120_000);
