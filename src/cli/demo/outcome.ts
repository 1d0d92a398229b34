import { type ArgusClient } from '../client';
import { type SentAt } from './play';
import { type Phase } from './story';

/** An incident that the story caused. */
export interface Outcome {
  readonly phase: Phase;
  readonly number: number;
  readonly severity: string;
  readonly title: string;
  readonly findings: number;
  /** From the POST of the event that opened it until its push arrived here; null when the push never came. */
  readonly toPushMs: number | null;
  /** From receipt of that event until its response was finished, by Argus's own clock; null where none has finished. */
  readonly toResponseMs: number | null;
  readonly responding: boolean;
}

interface IncidentNode {
  readonly id: string;
  readonly number: number;
  readonly severity: string;
  readonly title: string;
  readonly findingCount: number;
  /** Newest first. */
  readonly findings: {
    readonly nodes: readonly { readonly event: { readonly uid: string; readonly receivedAt: string } | null }[];
  };
  readonly timeline: { readonly nodes: readonly { readonly kind: string; readonly at: string }[] };
  readonly responses: readonly { readonly finishedAt: string | null }[];
}

const CAUSED = `query Caused($stream: String!) {
  incidents(first: 20, filter: { stream: $stream }) {
    nodes {
      id number severity title findingCount
      findings(first: 100) { nodes { event { uid receivedAt } } }
      timeline(first: 100) { nodes { kind at } }
      responses { finishedAt }
    }
  }
}`;

/** When the push of each incident arrived, by its id, on the clock of `performance.now`. */
export type PushedAt = ReadonlyMap<string, number>;

/** What the story has caused so far, in the order of its phases. */
export async function readOutcomes(
  client: ArgusClient,
  story: readonly Phase[],
  { sentAt, pushedAt }: { readonly sentAt: SentAt; readonly pushedAt: PushedAt },
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const phase of story) {
    const data = await client.query<{ incidents: { nodes: readonly IncidentNode[] } }>(CAUSED, {
      stream: phase.stream,
    });
    const byNumber = [...data.incidents.nodes].sort((a, b) => a.number - b.number);
    for (const node of byNumber) outcomes.push(outcomeOf(phase, node, { sentAt, pushedAt }));
  }
  return outcomes;
}

function outcomeOf(
  phase: Phase,
  { id, number, severity, title, findingCount, findings, timeline, responses }: IncidentNode,
  { sentAt, pushedAt }: { readonly sentAt: SentAt; readonly pushedAt: PushedAt },
): Outcome {
  const opener = findings.nodes.at(-1)?.event;
  const sent = sentAt.get(opener?.uid ?? '');
  const pushed = pushedAt.get(id);
  const finished = timeline.nodes.find(({ kind }) => kind === 'RESPONSE_FINISHED');
  return {
    phase,
    number,
    severity,
    title,
    findings: findingCount,
    toPushMs: sent === undefined || pushed === undefined ? null : pushed - sent,
    toResponseMs: opener && finished ? Date.parse(finished.at) - Date.parse(opener.receivedAt) : null,
    responding: responses.some(({ finishedAt }) => finishedAt === null),
  };
}

/** What went otherwise than the story wants it, one sentence each. */
export function complaintsAbout(story: readonly Phase[], outcomes: readonly Outcome[]): readonly string[] {
  return story.flatMap((phase) => {
    const caused = outcomes.filter((outcome) => outcome.phase === phase);
    if (phase.wantsIncident && caused.length === 0) return [`“${phase.title}” caused no incident.`];
    if (!phase.wantsIncident && caused.length > 0) {
      return [`“${phase.title}” caused ${caused.length} incident(s) and should cause none.`];
    }
    const silent = caused.filter(({ toPushMs }) => toPushMs === null);
    return silent.map(({ number }) => `Incident #${number} exists, but its push did not arrive.`);
  });
}

/** Whether there is nothing left to wait for. */
export function isSettled(story: readonly Phase[], outcomes: readonly Outcome[]): boolean {
  return (
    complaintsAbout(story, outcomes).length === 0 &&
    outcomes.every(({ responding, toResponseMs }) => !responding && toResponseMs !== null)
  );
}
