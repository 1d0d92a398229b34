import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CliError } from './cli-error';
import { graphqlFailure, type GraphQLFailure, unreachable } from './client';
import { keyOf, type Settings } from './settings';

/** An incident as lists and feeds show it. */
export interface IncidentLine {
  readonly id: string;
  readonly number: number;
  readonly severity: string;
  readonly status: string;
  readonly title: string;
  readonly stream: string;
  readonly findingCount: number;
  readonly openedAt: string;
  readonly entity: { readonly value: string };
}

/** A change of an incident, with the cursor to resume behind it. */
export interface IncidentChange {
  readonly cursor: string;
  readonly kind: string;
  readonly at: string;
  readonly incident: IncidentLine;
}

/** The fields of an `IncidentLine`, for documents. */
export const INCIDENT_FIELDS = 'id number severity status title stream findingCount openedAt entity { value }';

const DOCUMENT = `subscription Incidents($after: Cursor, $filter: IncidentFilter) {
  incidents(after: $after, filter: $filter) { cursor kind at incident { ${INCIDENT_FIELDS} } }
}`;

/** How to follow the feed. */
export interface FollowOptions {
  readonly filter?: Readonly<Record<string, unknown>>;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  /** Told when the connection stands, and when it broke and why. */
  readonly onState?: (state: 'connected' | 'lost', reason?: string) => void;
}

const RECONNECT_MS = { first: 250, most: 5_000 } as const;

/**
 * Changes of incidents from now on. A broken connection is made anew and goes on behind the last change seen, so none
 * is missed and none comes twice.
 * @throws CliError when the first connection fails, or Argus refuses for good.
 */
export async function* followIncidents(settings: Settings, options: FollowOptions): AsyncGenerator<IncidentChange> {
  let after: string | null = null;
  const link = { everConnected: false, waitMs: RECONNECT_MS.first as number };
  const onConnected = (): void => {
    link.everConnected = true;
    link.waitMs = RECONNECT_MS.first;
    options.onState?.('connected');
  };
  while (!options.signal.aborted) {
    try {
      for await (const change of connectOnce(settings, { ...options, after, onConnected })) {
        after = change.cursor;
        yield change;
      }
    } catch (thrown) {
      const error = toCliError(settings, thrown);
      if (error.code === 'CURSOR_EXPIRED') after = null;
      else if (!error.retryable || !link.everConnected) throw error;
      options.onState?.('lost', error.message);
    }
    await delay(link.waitMs, undefined, { signal: options.signal }).catch(() => undefined);
    link.waitMs = Math.min(link.waitMs * 2, RECONNECT_MS.most);
  }
}

type Connection = FollowOptions & { readonly after: string | null; readonly onConnected: () => void };

/** The feed over one connection; ends when the server or the signal ends it. */
async function* connectOnce(
  settings: Settings,
  { after, filter, signal, onConnected }: Connection,
): AsyncGenerator<IncidentChange> {
  const client = createClient({
    url: `${settings.url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${keyOf(settings)}` },
    retryAttempts: 0,
    on: { connected: onConnected },
  });
  const dispose = (): void => void client.dispose();
  signal.addEventListener('abort', dispose, { once: true });
  try {
    const variables = { after, filter: filter ?? null };
    for await (const { data, errors } of client.iterate<{ incidents: IncidentChange }>({
      query: DOCUMENT,
      variables,
    })) {
      if (errors?.[0]) throw graphqlFailure(errors[0]);
      if (data) yield data.incidents;
    }
  } finally {
    signal.removeEventListener('abort', dispose);
    dispose();
  }
}

/** Close codes after which the same connection would be refused again. */
const REFUSED_FOR_GOOD = new Set([4400, 4401, 4403, 4406, 4409]);

function toCliError(settings: Settings, thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  if (Array.isArray(thrown) && thrown.length > 0) return graphqlFailure(thrown[0] as GraphQLFailure);
  const { code, reason } = (thrown ?? {}) as { code?: unknown; reason?: unknown };
  if (typeof code === 'number') {
    const why = typeof reason === 'string' && reason !== '' ? reason : 'closed';
    if (!REFUSED_FOR_GOOD.has(code)) return unreachable(settings.url, new Error(`${why}, ${code}`));
    return new CliError('FORBIDDEN', `Argus closed the connection: ${why} (${code}).`);
  }
  return unreachable(settings.url, (thrown as { error?: unknown } | null)?.error ?? thrown);
}
