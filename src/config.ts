import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['0', '1']).transform((value) => value === '1');
const file = z.string().transform((path) => readFileSync(path, 'utf8'));

/** Every setting. Read once at the start; nothing else looks at the environment. */
const SETTINGS = z.object({
  ARGUS_PORT: port.default(4_000).describe('Port of the gateway; 0 = any free one.'),
  ARGUS_HOST: z.string().default('127.0.0.1').describe('Address the gateway listens on; 0.0.0.0 = all.'),
  ARGUS_DATA_DIR: z.string().default('.argus').describe('Folder of the embedded PostgreSQL.'),
  ARGUS_ADMIN_KEY: z
    .string()
    .optional()
    .describe('Presets an admin key (argus_…, 20 characters or more); unset, one is made.'),
  ARGUS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('Least level logged.'),
  ARGUS_ALERT_WEBHOOK: z.url().optional().describe('Where alerts are posted as JSON; unset, they are only logged.'),
  ARGUS_INTROSPECTION: z
    .enum(['VIEWER', 'ANALYST', 'RESPONDER', 'ADMIN'])
    .default('VIEWER')
    .describe('Least role that may introspect.'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('A PostgreSQL (15 or newer); unset, the embedded one.'),
  BACKEND_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The sanitization backend; unset, the sandbox.'),
  BACKEND_ALLOW_HTTP: flag.default(false).describe('1 permits plain http to another machine.'),
  BACKEND_ASYNC_TEXT: flag
    .default(false)
    .describe('1 permits text to be queued as a job; the backend as observed dies of it.'),
  BACKEND_ADMIN_SECRET: z
    .string()
    .min(1)
    .optional()
    .describe("The backend's ADMIN_AUTH_SECRET; without it no overrides."),
  BACKEND_TRUST_TOKEN_SECRET: z
    .string()
    .min(1)
    .optional()
    .describe("The backend's TRUST_TOKEN_SECRET; without it no reuse statistics."),
  BACKEND_TLS_CA: file.optional().describe('File with the PEM of the authority to trust for the backend.'),
  BACKEND_TLS_CERT: file.optional().describe('File with the PEM of the client certificate.'),
  BACKEND_TLS_KEY: file.optional().describe('File with the PEM of its key.'),
});

/** The settings as the house passes them on: plain nested data. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly adminKey: string | null;
  readonly logLevel: string;
  readonly alertWebhook: string | null;
  readonly introspectionRole: 'VIEWER' | 'ANALYST' | 'RESPONDER' | 'ADMIN';
  readonly databaseUrl: string | null;
  readonly backend: {
    readonly url: string | null;
    readonly allowHttp: boolean;
    readonly asyncText: boolean;
    readonly adminSecret: string | null;
    readonly trustTokenSecret: string | null;
    readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  };
}

/** Settings that cannot be used, each with its name, its meaning and what is wrong; never with its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * The settings of this environment. Empty counts as unset.
 * @throws ConfigError listing everything that is wrong at once.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const known = Object.keys(SETTINGS.shape);
  const given = Object.fromEntries(known.filter((name) => env[name]).map((name) => [name, env[name]]));
  let settings: z.infer<typeof SETTINGS>;
  try {
    settings = SETTINGS.parse(given);
  } catch (error) {
    throw new ConfigError(describe(error));
  }
  return {
    host: settings.ARGUS_HOST,
    port: settings.ARGUS_PORT,
    dataDir: resolve(settings.ARGUS_DATA_DIR),
    adminKey: settings.ARGUS_ADMIN_KEY ?? null,
    logLevel: settings.ARGUS_LOG_LEVEL,
    alertWebhook: settings.ARGUS_ALERT_WEBHOOK ?? null,
    introspectionRole: settings.ARGUS_INTROSPECTION,
    databaseUrl: settings.DATABASE_URL ?? null,
    backend: {
      url: settings.BACKEND_URL ?? null,
      allowHttp: settings.BACKEND_ALLOW_HTTP,
      asyncText: settings.BACKEND_ASYNC_TEXT,
      adminSecret: settings.BACKEND_ADMIN_SECRET ?? null,
      trustTokenSecret: settings.BACKEND_TRUST_TOKEN_SECRET ?? null,
      tls: {
        ...(settings.BACKEND_TLS_CA !== undefined && { ca: settings.BACKEND_TLS_CA }),
        ...(settings.BACKEND_TLS_CERT !== undefined && { cert: settings.BACKEND_TLS_CERT }),
        ...(settings.BACKEND_TLS_KEY !== undefined && { key: settings.BACKEND_TLS_KEY }),
      },
    },
  };
}

function describe(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  const lines = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const meaning = SETTINGS.shape[name as keyof typeof SETTINGS.shape].description ?? '';
    return `  ${name}: ${message}. ${meaning}`;
  });
  return `These settings cannot be used:\n${lines.join('\n')}`;
}
