import { CliError } from './cli-error';

/** Which Argus the commands speak to, and as whom. */
export interface Settings {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null: none was given; commands that need one say so by `keyOf`. */
  readonly key: string | null;
}

const DEFAULT_URL = 'http://127.0.0.1:4000';

/** The settings of this environment; empty counts as unset. The key is never an argument: other users see those. */
export function readSettings(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const given = url ?? filled(env.ARGUS_URL) ?? DEFAULT_URL;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new CliError('INVALID_INPUT', `--url (or ARGUS_URL) is an http or https URL; this is “${given}”.`);
  }
  return { url: given.replace(/\/+$/, ''), key: filled(env.ARGUS_KEY) ?? filled(env.ARGUS_ADMIN_KEY) ?? null };
}

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/**
 * The key to send.
 * @throws CliError when there is none.
 */
export function keyOf({ key }: Settings): string {
  if (key !== null) return key;
  throw new CliError(
    'UNAUTHENTICATED',
    'No API key: set ARGUS_ADMIN_KEY (shown at the first start of Argus) or ARGUS_KEY in the environment.',
  );
}
