import DataLoader from 'dataloader';
import { type Principal } from '../domain/role';
import { type Event } from '../entities/event.entity';
import { type Finding } from '../entities/finding.entity';
import { type Incident } from '../entities/incident.entity';
import { type Override } from '../entities/override.entity';
import { type Response, type ResponseStep } from '../entities/response.entity';
import { type Stream } from '../entities/stream.entity';
import { type TimelineEntry } from '../entities/timeline-entry.entity';
import { type EventKey, type EventReader } from '../store/event-reader';
import { type FindingReader } from '../store/finding-reader';
import { type IncidentReader } from '../store/incident-reader';
import { type OverrideStore } from '../store/override-store';
import { type Page, type PageArgs } from '../store/page';
import { type ResponseReader } from '../store/response-reader';

import { type IncidentFeed } from './incident-feed';

export interface Readers {
  readonly incidents: IncidentReader;
  readonly findings: FindingReader;
  readonly events: EventReader;
  readonly responses: ResponseReader;
  readonly overrides: OverrideStore;
}

/** What one operation has: who asks, and loaders that turn many single questions into one statement. */
export interface Context {
  readonly principal: Principal;
  readonly requestId: string;
  readonly loaders: Loaders;
  readonly incidentFeed: IncidentFeed;
}

export interface Loaders {
  readonly incident: DataLoader<string, Incident | null>;
  readonly finding: DataLoader<number, Finding | null>;
  readonly event: DataLoader<EventKey, Event | null, string>;
  readonly stream: DataLoader<number, Stream | null>;
  readonly response: DataLoader<string, Response | null>;
  readonly override: DataLoader<string, Override | null>;
  readonly steps: DataLoader<string, readonly ResponseStep[]>;
  readonly responsesOf: DataLoader<string, readonly Response[]>;
  readonly findingsOf: DataLoader<NestedPage, Page<Finding>, string>;
  readonly timelineOf: DataLoader<NestedPage, Page<TimelineEntry>, string>;
}

/** A page of a list inside one incident. */
export interface NestedPage extends PageArgs {
  readonly incidentKey: string;
}

/** Loaders of one operation. */
export function createLoaders(readers: Readers): Loaders {
  const { incidents, findings, events, responses, overrides } = readers;
  return {
    incident: byKey((keys) => incidents.byKeys(keys)),
    finding: byKey((keys) => findings.byKeys(keys)),
    event: new DataLoader(
      async (keys: readonly EventKey[]) => {
        const found = new Map((await events.byKeys(keys)).map((event) => [event.key, event]));
        return keys.map(({ key }) => found.get(key) ?? null);
      },
      { cacheKeyFn: ({ day, key }) => `${day}:${key}` },
    ),
    stream: byKey((keys) => events.streamsByKeys(keys)),
    response: byKey((keys) => responses.byKeys(keys)),
    override: byKey((keys) => overrides.byKeys(keys)),
    steps: new DataLoader((keys) => responses.stepsOf(keys)),
    responsesOf: new DataLoader((keys) => responses.ofIncidents(keys)),
    findingsOf: nestedPages((keys, args) => findings.pages(keys, args)),
    timelineOf: nestedPages((keys, args) => incidents.timelines(keys, args)),
  };
}

function byKey<Key extends string | number, Row extends { readonly key: Key }>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
): DataLoader<Key, Row | null> {
  return new DataLoader(async (keys: readonly Key[]) => {
    const found = new Map((await read(keys)).map((row) => [row.key, row]));
    return keys.map((key) => found.get(key) ?? null);
  });
}

/** One statement for each distinct (first, after); a document asks for few, whatever the number of incidents. */
function nestedPages<Row>(
  read: (incidents: readonly string[], args: PageArgs) => Promise<readonly Page<Row>[]>,
): DataLoader<NestedPage, Page<Row>, string> {
  const argsKey = ({ first, after }: NestedPage): string => `${first}:${after ?? ''}`;
  return new DataLoader(
    async (wanted: readonly NestedPage[]) => {
      const answers = new Map<NestedPage, Page<Row>>();
      for (const group of Map.groupBy(wanted, argsKey).values()) {
        const [{ first, after } = { first: 1, after: null }] = group;
        const pages = await read(
          group.map(({ incidentKey }) => incidentKey),
          { first, after },
        );
        group.forEach((page, index) => answers.set(page, pages[index] as Page<Row>));
      }
      return wanted.map((page) => answers.get(page) as Page<Row>);
    },
    { cacheKeyFn: (page) => `${page.incidentKey}:${argsKey(page)}` },
  );
}
