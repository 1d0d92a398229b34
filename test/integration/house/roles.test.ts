import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { type Data, INCIDENT_FEED, type Role, startTestArgus, type TestArgus, until } from '../../support/argus';

const NOBODY = 'SW5jaWRlbnQ6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw'; // Incident:00000000-…

/** Least role and a harmless call of every root field. A field that is missing here fails the test below. */
const FIELDS: Readonly<Record<string, { readonly role: Role; readonly call: string }>> = {
  'Query.agent': { role: 'VIEWER', call: '{ agent { mode } }' },
  'Query.backend': { role: 'VIEWER', call: '{ backend { origin } }' },
  'Query.backendJob': { role: 'ANALYST', call: '{ backendJob(id: "1") { id } }' },
  'Query.events': { role: 'VIEWER', call: '{ events(first: 1) { nodes { id } } }' },
  'Query.findings': { role: 'VIEWER', call: '{ findings(first: 1) { nodes { id } } }' },
  'Query.incident': { role: 'VIEWER', call: `{ incident(id: "${NOBODY}") { id } }` },
  'Query.incidents': { role: 'VIEWER', call: '{ incidents(first: 1) { nodes { id } } }' },
  'Query.me': { role: 'VIEWER', call: '{ me { role } }' },
  'Query.node': { role: 'VIEWER', call: `{ node(id: "${NOBODY}") { id } }` },
  'Query.streams': { role: 'VIEWER', call: '{ streams(first: 1) { nodes { id } } }' },
  'Mutation.activateOverride': {
    role: 'ADMIN',
    call: 'mutation { activateOverride(input: { justification: "short" }) { problems { code } } }',
  },
  'Mutation.cancelBackendJob': {
    role: 'RESPONDER',
    call: 'mutation { cancelBackendJob(input: { id: "1" }) { problems { code } } }',
  },
  'Mutation.createApiKey': {
    role: 'ADMIN',
    call: 'mutation { createApiKey(input: { name: "", role: VIEWER }) { problems { code } } }',
  },
  'Mutation.deactivateOverride': {
    role: 'RESPONDER',
    call: `mutation { deactivateOverride(input: { id: "${NOBODY}" }) { problems { code } } }`,
  },
  'Mutation.exportTrainingData': {
    role: 'ANALYST',
    call: 'mutation { exportTrainingData(input: { format: JSON, from: "2020-01-02T00:00:00Z", to: "2020-01-01T00:00:00Z" }) { problems { code } } }',
  },
  'Mutation.generatePdf': {
    role: 'ANALYST',
    call: 'mutation { generatePdf(input: { markdown: "" }) { problems { code } } }',
  },
  'Mutation.ingestEvents': {
    role: 'ANALYST',
    call: 'mutation { ingestEvents(input: { stream: "roles", events: [] }) { problems { code } } }',
  },
  'Mutation.revokeApiKey': {
    role: 'ADMIN',
    call: `mutation { revokeApiKey(input: { id: "${NOBODY}" }) { problems { code } } }`,
  },
  'Mutation.sanitizeJson': {
    role: 'ANALYST',
    call: 'mutation { sanitizeJson(input: { content: "" }) { problems { code } } }',
  },
  'Mutation.sanitizeText': {
    role: 'ANALYST',
    call: 'mutation { sanitizeText(input: { text: "" }) { problems { code } } }',
  },
  'Mutation.setAgentMode': {
    role: 'RESPONDER',
    call: 'mutation { setAgentMode(input: { mode: PAUSED, reason: "" }) { problems { code } } }',
  },
  'Mutation.startResponse': {
    role: 'RESPONDER',
    call: `mutation { startResponse(input: { incidentId: "${NOBODY}", playbook: "alert" }) { problems { code } } }`,
  },
  'Mutation.triggerN8nWebhook': {
    role: 'RESPONDER',
    call: 'mutation { triggerN8nWebhook(input: { data: "" }) { problems { code } } }',
  },
  'Mutation.updateIncident': {
    role: 'ANALYST',
    call: `mutation { updateIncident(input: { id: "${NOBODY}" }) { problems { code } } }`,
  },
  'Mutation.validateTrustToken': {
    role: 'ANALYST',
    call: 'mutation { validateTrustToken(input: { token: { contentHash: "", originalHash: "", sanitizationVersion: "", rulesApplied: [], timestamp: "", expiresAt: "", signature: "", nonce: "" } }) { problems { code } } }',
  },
  'Subscription.incidents': { role: 'VIEWER', call: INCIDENT_FEED },
};
const RISING: readonly Role[] = ['VIEWER', 'ANALYST', 'RESPONDER', 'ADMIN'];

let argus: TestArgus;
beforeAll(async () => (argus = await startTestArgus()));
afterAll(() => argus.stop());

it('says of every root field of schema.graphql who may use it', () => {
  const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`));
  expect(Object.keys(FIELDS).sort()).toEqual(fields.sort());
});

const OPERATIONS = Object.entries(FIELDS).filter(([field]) => !field.startsWith('Subscription'));

it.each(OPERATIONS)('%s answers a key of its role', async (_field, { role, call }) => {
  const { status, errors } = await argus.graphql(call, {}, await argus.keyFor(role));
  expect({ status, errors }).toEqual({ status: 200, errors: undefined });
});

it.each(OPERATIONS.filter(([, { role }]) => role !== 'VIEWER'))(
  '%s answers a key of the role below with FORBIDDEN, and does nothing',
  async (_field, { role, call }) => {
    const below = RISING[RISING.indexOf(role) - 1]!;
    const { errors } = await argus.graphql(call, {}, await argus.keyFor(below));
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining(role) }]);
  },
);

it.each(OPERATIONS)('%s answers without a key, or with an unknown one, 401', async (_field, { call }) => {
  for (const key of [null, 'argus_unknown', 'x']) {
    const { status, errors } = await argus.graphql(call, {}, key);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  }
});

it('opens the feed of incidents to a viewer and to nobody without a key', async () => {
  const feed = await argus.subscribe(INCIDENT_FEED, {}, await argus.keyFor('VIEWER'));
  await feed.close();
  await expect(argus.subscribe(INCIDENT_FEED, {}, 'argus_unknown')).rejects.toMatchObject({ code: 4403 });
});

it('refuses an expired key, and a revoked one at once over HTTP', async () => {
  const create = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id prefix role } problems { code path } } }`;
  const inASecond = new Date(Date.now() + 1_000).toISOString();
  const made: Data = await argus.ask(create, { input: { name: 'short', role: 'VIEWER', expiresAt: inASecond } });
  const { secret, apiKey } = made.createApiKey;
  expect(secret.startsWith(apiKey.prefix)).toBe(true);
  expect((await argus.graphql('{ me { role } }', {}, secret)).status).toBe(200);
  await until(
    async () => (await argus.graphql('{ me { role } }', {}, secret)).status === 401,
    'the end of the key',
    6_000,
  );

  const { id, secret: other } = await argus.createKey('VIEWER');
  expect((await argus.graphql('{ me { role } }', {}, other)).data.me).toEqual({ role: 'VIEWER' });
  const revoke = `mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { revokedAt } problems { code } } }`;
  expect((await argus.ask(revoke, { id })).revokeApiKey).toMatchObject({ apiKey: { revokedAt: expect.any(String) } });
  expect((await argus.graphql('{ me { role } }', {}, other)).status).toBe(401);
});

it('never lets the last admin key be revoked', async () => {
  const [key] = await argus.database.query<{ id: string }>(`SELECT id FROM api_keys WHERE role = 'ADMIN'`);
  const id = Buffer.from(`ApiKey:${key!.id}`).toString('base64url');
  const { revokeApiKey } = await argus.ask(
    `mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { id } problems { __typename code } } }`,
    { id },
  );
  expect(revokeApiKey).toEqual({ apiKey: null, problems: [{ __typename: 'ConflictProblem', code: 'CONFLICT' }] });
});
