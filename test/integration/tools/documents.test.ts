import { createHash } from 'node:crypto';
import { type Data, type House, startHouse, until } from './house';

let house: House;
let responder: string;

beforeAll(async () => {
  house = await startHouse();
  responder = await house.keyOf('RESPONDER');
}, 60_000);

afterAll(() => house.stop());

async function upload(
  body: FormData | string,
  key = responder,
  type?: string,
): Promise<{ status: number; json: Data }> {
  const response = await fetch(`${house.url}/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...(type !== undefined && { 'content-type': type }) },
    body,
  });
  return { status: response.status, json: (await response.json()) as Data };
}

function form(bytes: Uint8Array | string, field = 'file'): FormData {
  const data = new FormData();
  data.append('note', 'beside the file');
  data.append(field, new Blob([bytes]), 'report.pdf');
  return data;
}

const JOB = 'query ($id: ID!) { backendJob(id: $id) { id status progress createdAt result { content pages } } }';

it('hands a PDF to the backend, whose job answers its sanitised text', async () => {
  const { generatePdf } = await house.ask(
    'mutation { generatePdf(input: { markdown: "Write to a@b.com soon" }) { export { url } } }',
  );
  const link: string = generatePdf.export.url;
  const pdf = Buffer.from(await (await fetch(house.url + link)).arrayBuffer());
  const { status, json } = await upload(form(pdf));
  expect({ status, json }).toEqual({
    status: 202,
    json: { jobId: expect.stringMatching(/^\w+$/), contentHash: createHash('sha256').update(pdf).digest('hex') },
  });
  const job = await until(async () => {
    const { backendJob } = await house.ask(JOB, { id: json.jobId });
    return backendJob.status === 'COMPLETED' && backendJob;
  }, 'the end of the job');
  expect(job.result.pages).toBe(1);
  expect(job.result.content).toContain('Write to');

  const cancel = `mutation ($id: ID!) { cancelBackendJob(input: { id: $id }) { outcome problems { code } } }`;
  const { cancelBackendJob: first } = await house.ask(cancel, { id: json.jobId });
  expect(first).toEqual({ outcome: 'DELETED', problems: [] });
  const { cancelBackendJob: second } = await house.ask(cancel, { id: 'nosuchjob' });
  expect(second).toEqual({ outcome: null, problems: [{ code: 'NOT_FOUND' }] });
});

it.each<[string, () => FormData | string, number, string, string | undefined]>([
  ['what is no PDF', () => form('hello'), 415, 'UNSUPPORTED_MEDIA_TYPE', undefined],
  ['a form without the field', () => form('%PDF-1.4', 'other'), 400, 'INVALID_INPUT', undefined],
  [
    'a file beyond 10 MiB',
    () => form(Buffer.concat([Buffer.from('%PDF-'), Buffer.alloc(10 * 1024 * 1024)])),
    413,
    'BODY_TOO_LARGE',
    undefined,
  ],
  ['a file far beyond 10 MiB', () => form(Buffer.alloc(12 * 1024 * 1024)), 413, 'BODY_TOO_LARGE', undefined],
  ['another type', () => '{}', 415, 'UNSUPPORTED_MEDIA_TYPE', 'application/json'],
  ['a form without a boundary', () => 'x', 400, 'INVALID_INPUT', 'multipart/form-data; a=b'],
  ['a form that breaks off', () => '--b\r\nContent-Disp', 400, 'INVALID_INPUT', 'multipart/form-data; boundary=b'],
  [
    'a file that breaks off',
    () => '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4 and',
    400,
    'INVALID_INPUT',
    'multipart/form-data; boundary=b',
  ],
])('refuses %s', async (_, body, status, code, type) => {
  expect(await upload(body(), responder, type)).toMatchObject({ status, json: { error: { code } } });
});

it('is for responders', async () => {
  const analyst = await house.keyOf('ANALYST');
  expect(await upload(form('%PDF-'), analyst)).toMatchObject({ status: 403, json: { error: { code: 'FORBIDDEN' } } });
});

it('answers a typed error when the backend fails', async () => {
  await house.fault({ kind: 'STATUS', path: '/api/documents', status: 503 });
  const answer = await upload(form('%PDF-1.4'));
  expect(answer).toMatchObject({ status: 502, json: { error: { code: 'BACKEND_UNAVAILABLE' } } });
});
