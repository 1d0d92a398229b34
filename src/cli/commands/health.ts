import { type ArgusClient } from '../client';

/** Prints whether Argus can serve; the exit code is 1 when it cannot. */
export async function health(client: ArgusClient, { json }: { readonly json?: boolean }): Promise<number> {
  const readiness = await client.readiness();
  if (json) console.log(JSON.stringify(readiness));
  else {
    console.log(`${client.settings.url}: ${readiness.status}`);
    for (const [name, { status, tookMs }] of Object.entries(readiness.checks ?? {})) {
      console.log(`  ${name}: ${status} (${tookMs} ms)`);
    }
  }
  return readiness.status === 'ok' ? 0 : 1;
}
