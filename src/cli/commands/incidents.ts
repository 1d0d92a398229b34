import { type ArgusClient } from '../client';
import { followIncidents, INCIDENT_FIELDS, type IncidentChange, type IncidentLine } from '../incident-feed';
import { printable, shorten, table } from '../text';

/** Options of `argus incidents`. */
export interface IncidentsOptions {
  readonly open?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const LIST = `query Incidents($filter: IncidentFilter) {
  incidents(first: 100, filter: $filter) { nodes { ${INCIDENT_FIELDS} } pageInfo { hasNextPage } }
}`;

interface ListData {
  readonly incidents: {
    readonly nodes: readonly IncidentLine[];
    readonly pageInfo: { readonly hasNextPage: boolean };
  };
}

/** Prints the newest incidents; with `watch`, each change from now on until the signal ends it. */
export async function incidents(client: ArgusClient, options: IncidentsOptions, signal: AbortSignal): Promise<number> {
  const filter = options.open ? { open: true } : {};
  if (options.watch) {
    const feed = followIncidents(client.settings, { filter, signal, onState: sayState });
    for await (const change of feed) console.log(options.json ? JSON.stringify(change) : changeLine(change));
    return 0;
  }
  const { nodes, pageInfo } = (await client.query<ListData>(LIST, { filter })).incidents;
  if (options.json) for (const node of nodes) console.log(JSON.stringify(node));
  else if (nodes.length === 0) console.log(options.open ? 'No open incidents.' : 'No incidents yet.');
  else console.log(listOf(nodes));
  if (pageInfo.hasNextPage) console.error('argus: these are the newest 100; the API pages through the rest.');
  return 0;
}

const TITLE_WIDTH = 80;

function listOf(nodes: readonly IncidentLine[]): string {
  const headings = ['no.', 'severity', 'status', 'findings', 'opened', 'title'];
  const rows = nodes.map(({ number, severity, status, findingCount, openedAt, title }) => [
    `#${number}`,
    severity,
    status,
    findingCount,
    openedAt,
    shorten(title, TITLE_WIDTH),
  ]);
  return table(headings, rows);
}

function changeLine({ at, kind, incident }: IncidentChange): string {
  const { number, severity, status, title, findingCount } = incident;
  const facts = `${severity} ${status}, ${findingCount} finding${findingCount === 1 ? '' : 's'}`;
  return `${at}  #${number}  ${kind.padEnd(8)}  ${facts}  ${printable(shorten(title, TITLE_WIDTH))}`;
}

function sayState(state: 'connected' | 'lost', reason?: string): void {
  console.error(state === 'connected' ? 'argus: watching; Ctrl-C ends it.' : `argus: reconnecting: ${reason ?? ''}`);
}
