import { join } from 'node:path';
import { type Logger } from 'pino';
import { type DataSource } from 'typeorm';
import { type Agent, createAgent } from './agent/index';
import { Closing } from './closing';
import { type Config } from './config';
import { createAlertSink } from './datasources/alert-webhook';
import { type BackendTools } from './datasources/backend';
import { type BackendWatch } from './datasources/backend-watch';
import { messageOf } from './domain/errors';
import { hasRole, type Principal } from './domain/role';
import { type Override } from './entities/override.entity';
import { authenticate } from './gateway/authentication';
import { createGateway, type Gateway } from './gateway/gateway';
import { createDocumentRoute } from './gateway/document-route';
import { createExportRoute } from './gateway/export-route';
import { createIngestRoute } from './gateway/ingest-route';
import { createSchema } from './gateway/schema';
import { openBackend, watchBackend } from './open-backend';
import { type Context, createLoaders, type Readers } from './resolvers/context';
import { IncidentFeed } from './resolvers/incident-feed';
import { createResolvers } from './resolvers/resolvers';
import { ApiKeyStore } from './store/api-key-store';
import { lockDataDir } from './store/data-dir-lock';
import { makePartitions, openDatabase } from './store/database';
import { PostgresDetectionStore } from './store/detection-store';
import { startEmbeddedPostgres } from './store/embedded-postgres';
import { EventLog } from './store/event-log';
import { EventReader } from './store/event-reader';
import { PostgresEventStore } from './store/event-store';
import { ExportStore } from './store/export-store';
import { FindingReader } from './store/finding-reader';
import { IncidentReader } from './store/incident-reader';
import { IncidentWriter } from './store/incident-writer';
import { InstanceStore } from './store/instance-store';
import { startJobs } from './store/jobs';
import { LogTail } from './store/log-tail';
import { OverrideStore } from './store/override-store';
import { ResponseReader } from './store/response-reader';
import { PostgresResponseStore } from './store/response-store';
import { SettingsStore } from './store/settings-store';
import { exportTraining } from './store/training-export';
import { Wakeup } from './store/wakeup';

/** Argus, running. */
export interface Argus {
  readonly url: string;
  /** The admin key, where this start made one: the only time it is known. */
  readonly newAdminKey: string | null;
  /** What it stands on, for people. */
  readonly about: { readonly database: string; readonly backend: string };
  /** Stops taking work, finishes what was accepted, closes everything in reverse order. */
  stop(): Promise<void>;
}

/** Places where tests may look in. */
export interface ArgusHooks {
  /** Called with each SQL statement that the pool sends. */
  readonly onStatement?: (sql: string) => void;
}

const clock = { now: () => Date.now() };
const JOB_CONCURRENCY = 10;
const PARTITION_CHECK_MS = 3_600_000;
const EXPORT_CHECK_MS = 600_000;

/** Builds and starts everything in one process. Whatever was started is closed again when a later part fails. */
export async function startArgus(config: Config, log: Logger, hooks: ArgusHooks = {}): Promise<Argus> {
  const closing = new Closing(log);
  try {
    return await start({ config, log, hooks }, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function start(
  { config, log, hooks }: { readonly config: Config; readonly log: Logger; readonly hooks: ArgusHooks },
  closing: Closing,
): Promise<Argus> {
  const { url, about } = await openPostgres(config, closing);
  const db = await openDatabase({ url, ...hooks });
  closing.push('database', () => db.destroy());
  keepPartitions(db, log, closing);
  let watch: BackendWatch | null = null;
  const { backend, about: aboutBackend } = await openBackend(
    { config, log, onOutcome: (outcome) => watch?.onOutcome(outcome) },
    closing,
  );
  const feedParts = await openFeed(db, url, log, closing);
  const stores = openStores(db, config);
  keepExports(stores.exports, log, closing);
  const { agent, startWorking } = createWorkers(
    { config, log, url, stores, backend, onCommitted: feedParts.onCommitted },
    closing,
  );
  const { newAdminKey, stopWatching } = await prepareKeys(stores.apiKeys, config);
  closing.push('key watch', stopWatching);
  await startWorking();
  watch = watchBackend(agent, backend, log, closing);
  const gateway = await openGateway({ config, log, db, agent, backend, stores, ...feedParts });
  closing.push('gateway', () => gateway.drain());
  return {
    url: gateway.url,
    newAdminKey,
    about: { database: about, backend: aboutBackend },
    stop: () => closing.run(),
  };
}

async function openPostgres(config: Config, closing: Closing): Promise<{ url: string; about: string }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, about: 'DATABASE_URL' };
  closing.push('data folder', lockDataDir(config.dataDir));
  const postgres = await startEmbeddedPostgres({ dir: config.dataDir });
  closing.push('postgres', () => postgres.stop());
  return { url: postgres.url, about: `embedded PostgreSQL in ${config.dataDir}` };
}

function keepPartitions(db: DataSource, log: Logger, closing: Closing): void {
  const timer = setInterval(() => {
    makePartitions(db.manager, new Date()).catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'partitions could not be made');
    });
  }, PARTITION_CHECK_MS);
  closing.push('partition timer', () => clearInterval(timer));
}

function keepExports(exports: ExportStore, log: Logger, closing: Closing): void {
  const timer = setInterval(() => {
    exports.removeExpired().catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'expired exports could not be removed');
    });
  }, EXPORT_CHECK_MS);
  closing.push('export timer', () => clearInterval(timer));
}

async function openFeed(
  db: DataSource,
  url: string,
  log: Logger,
  closing: Closing,
): Promise<{ tail: LogTail; eventLog: EventLog; onCommitted: () => void }> {
  const eventLog = new EventLog(db);
  const tail = new LogTail(eventLog, log.child({ part: 'feed' }));
  const wakeup = new Wakeup(url, log.child({ part: 'wakeup' }));
  await tail.start();
  wakeup.onWake(() => tail.wake());
  await wakeup.start();
  closing.push('feed', () => tail.close());
  closing.push('wake-up', () => wakeup.close());
  return { tail, eventLog, onCommitted: () => wakeup.wake() };
}

type Stores = ReturnType<typeof openStores>;

function openStores(db: DataSource, { dataDir }: Config) {
  const readers: Readers = {
    incidents: new IncidentReader(db),
    findings: new FindingReader(db),
    events: new EventReader(db),
    responses: new ResponseReader(db),
    overrides: new OverrideStore(db),
  };
  return {
    readers,
    events: new PostgresEventStore(db, clock.now),
    detections: new PostgresDetectionStore(db),
    responses: new PostgresResponseStore(db),
    instances: new InstanceStore(db),
    modes: new SettingsStore(db),
    apiKeys: new ApiKeyStore(db, clock.now),
    exports: new ExportStore(db, join(dataDir, 'exports'), clock.now),
  };
}

interface WorkerParts {
  readonly config: Config;
  readonly log: Logger;
  readonly url: string;
  readonly stores: Stores;
  readonly backend: BackendTools;
  readonly onCommitted: () => void;
}

/** The agent and the runner of its durable jobs; jobs stop before the agent that runs them. */
function createWorkers(
  { config, log, url, stores, backend, onCommitted }: WorkerParts,
  closing: Closing,
): { agent: Agent<Override>; startWorking: () => Promise<void> } {
  const agent = createAgent({
    ...stores,
    overrides: stores.readers.overrides,
    backend,
    alerts: createAlertSink({ url: config.alertWebhook, log: log.child({ part: 'alert' }) }),
    onCommitted,
    clock,
    log: log.child({ part: 'agent' }),
  });
  const startWorking = async (): Promise<void> => {
    await agent.start();
    closing.push('agent', () => agent.stop());
    const jobs = await startJobs({
      url,
      concurrency: JOB_CONCURRENCY,
      log: log.child({ part: 'jobs' }),
      runStep: (job, lastAttempt) => agent.runStep(job, lastAttempt),
      onPool: (poolId) => agent.addWorker(poolId),
    });
    closing.push('jobs', () => jobs.stop());
  };
  return { agent, startWorking };
}

async function prepareKeys(
  apiKeys: ApiKeyStore,
  { adminKey }: Config,
): Promise<{ newAdminKey: string | null; stopWatching: () => void }> {
  let newAdminKey: string | null = null;
  if (adminKey !== null) await apiKeys.ensureAdmin(adminKey);
  else if (await apiKeys.hasNoAdmin()) {
    newAdminKey = (await apiKeys.create({ name: 'admin (first start)', role: 'ADMIN', expiresAt: null })).secret;
  }
  return { newAdminKey, stopWatching: await apiKeys.watch() };
}

interface GatewayParts {
  readonly config: Config;
  readonly log: Logger;
  readonly db: DataSource;
  readonly agent: Agent<Override>;
  readonly backend: BackendTools;
  readonly stores: Stores;
  readonly tail: LogTail;
  readonly eventLog: EventLog;
  readonly onCommitted: () => void;
}

async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, log, db, agent, backend, stores, tail, eventLog, onCommitted } = parts;
  const { readers, apiKeys, instances, exports } = stores;
  const incidentWriter = new IncidentWriter(db, onCommitted);
  const resolvers = createResolvers({
    readers,
    agent,
    backend,
    apiKeys,
    incidentWriter,
    instances,
    exports,
    exportTraining: (request) => exportTraining(db, exports, request),
  });
  const { schema, sdl } = await createSchema(resolvers);
  const incidentFeed = new IncidentFeed(tail, eventLog, readers.incidents);
  const authenticateKey = (authorization: string | undefined): Promise<Principal> =>
    authenticate(authorization, (secret) => apiKeys.principalOf(secret));
  return createGateway<Context>({
    schema,
    schemaText: sdl,
    authenticate: authenticateKey,
    isStillValid: ({ id }) => apiKeys.isLive(id),
    mayIntrospect: ({ role }) => hasRole(role, config.introspectionRole),
    makeContext: ({ principal, requestId }) => ({
      principal,
      requestId,
      loaders: createLoaders(readers, backend.jobs),
      incidentFeed,
    }),
    routes: [
      createIngestRoute(agent.ingest),
      createDocumentRoute((file) => backend.documents.upload(file)),
      createExportRoute(exports, authenticateKey),
    ],
    readiness: {
      database: async () => {
        await db.query('SELECT 1');
      },
    },
    log: log.child({ part: 'gateway' }),
    port: config.port,
    host: config.host,
  });
}
