import { startSandbox } from '../../../src/sandbox/server';
import { startTestArgus, until } from '../../support/argus';

it('queues text as a job where the backend is known to survive it', async () => {
  const adminSecret = 'async-admin-secret';
  const trustTokenSecret = 'async-trust-secret';
  const sandbox = await startSandbox({ adminSecret, trustTokenSecret, quirks: { asyncTextCrashes: false } });
  const argus = await startTestArgus({
    settings: { BACKEND_URL: sandbox.url, BACKEND_ADMIN_SECRET: adminSecret, BACKEND_ASYNC_TEXT: '1' },
  });
  try {
    const { sanitizeJson } = await argus.ask(
      `mutation { sanitizeJson(input: { content: "as a job", asJob: true }) {
         result { content } job { id status } problems { code message } } }`,
    );
    expect(sanitizeJson).toMatchObject({ result: null, job: { id: expect.any(String) }, problems: [] });
    const job = await until(async () => {
      const query =
        'query ($id: ID!) { backendJob(id: $id) { status result { content } } backend { jobQueue { state } } }';
      const { backendJob, backend } = await argus.ask(query, { id: sanitizeJson.job.id });
      return backendJob.status === 'COMPLETED' && { ...backendJob, queue: backend.jobQueue };
    }, 'the end of the job');
    expect(job).toMatchObject({ result: { content: 'as a job' } });
  } finally {
    await argus.stop();
    await sandbox.close();
  }
}, 60_000);
