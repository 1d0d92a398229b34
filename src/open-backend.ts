import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Logger } from 'pino';
import { type Agent } from './agent/index';
import { type Closing } from './closing';
import { type Config } from './config';
import { type BackendOptions, type BackendTools, createBackend } from './datasources/backend';
import { BACKEND_STREAM, BackendWatch } from './datasources/backend-watch';
import { type Override } from './entities/override.entity';
import { startSandbox } from './sandbox/server';

const clock = { now: () => Date.now() };

/** What the backend is opened with. */
export interface BackendParts {
  readonly config: Config;
  readonly log: Logger;
  readonly onOutcome: NonNullable<BackendOptions['onOutcome']>;
}

/** The backend of the settings, or a sandbox of our own where they name none. */
export async function openBackend(
  { config: { backend: settings, dataDir }, log, onOutcome }: BackendParts,
  closing: Closing,
): Promise<{ backend: BackendTools; about: string }> {
  let { url, adminSecret, trustTokenSecret } = settings;
  if (url === null) {
    adminSecret = randomBytes(24).toString('hex');
    trustTokenSecret = randomBytes(24).toString('hex');
    const sandbox = await startSandbox({ adminSecret, trustTokenSecret, auditDir: join(dataDir, 'sandbox') });
    closing.push('sandbox', () => sandbox.close());
    url = sandbox.url;
  }
  const backend = createBackend({
    url,
    ...(adminSecret !== null && { adminSecret }),
    ...(trustTokenSecret !== null && { trustTokenSecret }),
    tls: settings.tls,
    allowHttp: settings.allowHttp,
    asyncText: settings.asyncText,
    log: log.child({ part: 'backend' }),
    clock,
    onOutcome,
  });
  closing.push('backend', () => backend.close());
  return { backend, about: settings.url === null ? `sandbox at ${url}` : backend.status().origin };
}

/** What happens at the backend becomes events; it looks no more before the agent stops taking them. */
export function watchBackend(
  agent: Agent<Override>,
  backend: BackendTools,
  log: Logger,
  closing: Closing,
): BackendWatch {
  const hasOverrides = !backend.status().unavailable.some(({ tool }) => tool === 'OVERRIDE_STATUS');
  const watch = new BackendWatch({
    record: (events) => agent.ingest.own(BACKEND_STREAM, events),
    checkHealth: () => backend.health.check(),
    activeOverrides: hasOverrides ? () => backend.overrides.active() : null,
    log: log.child({ part: 'backend watch' }),
  });
  watch.start();
  closing.push('backend watch', () => watch.stop());
  return watch;
}
