import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error';
import { type ArgusClient } from '../client';
import { complaintsAbout, isSettled, type Outcome, readOutcomes } from '../demo/outcome';
import { play } from '../demo/play';
import { castOf, type Phase, tellStory } from '../demo/story';
import { followIncidents } from '../incident-feed';
import { createProgress } from '../progress';
import { shorten, table } from '../text';

/** How long responses may take after the last event, ms. */
const SETTLE_MS = 10_000;
const LOOK_EVERY_MS = 250;
const CONNECT_MS = 5_000;

/** Plays the story and prints what it caused; the exit code is 1 when something was missed or wrongly raised. */
export async function demo(client: ArgusClient, interrupted: AbortSignal): Promise<number> {
  const story = tellStory(castOf(randomInt));
  const over = new AbortController();
  const signal = AbortSignal.any([interrupted, over.signal]);
  const watch = watchStory(client, story, signal);
  try {
    await Promise.race([watch.connected, watch.ended, noConnection(signal)]);
    const total = story.reduce((sum, { scenes }) => sum + scenes.length, 0);
    console.log(`Playing ${story.map(({ title }) => title.toLowerCase()).join(', ')}: ${total} events.`);
    const progress = createProgress('demo', total);
    const sentAt = await play(client, story, { progress, signal }).finally(() => progress.stop());
    const outcomes = await settle(() => readOutcomes(client, story, { sentAt, pushedAt: watch.pushedAt }), story);
    return report(story, outcomes);
  } finally {
    over.abort();
    await watch.ended.catch(() => undefined);
  }
}

interface StoryWatch {
  /** When the first change of each incident of the story arrived. */
  readonly pushedAt: Map<string, number>;
  readonly connected: Promise<void>;
  /** Rejects when the feed is refused. */
  readonly ended: Promise<void>;
}

function watchStory(client: ArgusClient, story: readonly Phase[], signal: AbortSignal): StoryWatch {
  const streams = new Set(story.map(({ stream }) => stream));
  const pushedAt = new Map<string, number>();
  const { promise: connected, resolve } = Promise.withResolvers<undefined>();
  const follow = async (): Promise<void> => {
    const onState = (state: string): void => {
      if (state === 'connected') resolve(undefined);
    };
    for await (const { incident } of followIncidents(client.settings, { signal, onState })) {
      if (streams.has(incident.stream) && !pushedAt.has(incident.id)) pushedAt.set(incident.id, performance.now());
    }
  };
  return { pushedAt, connected, ended: follow() };
}

async function noConnection(signal: AbortSignal): Promise<never> {
  await delay(CONNECT_MS, undefined, { signal });
  throw new CliError('UNREACHABLE', `The WebSocket did not connect within ${CONNECT_MS / 1_000} s.`);
}

async function settle(read: () => Promise<readonly Outcome[]>, story: readonly Phase[]): Promise<readonly Outcome[]> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const outcomes = await read();
    if (isSettled(story, outcomes) || performance.now() > until) return outcomes;
    await delay(LOOK_EVERY_MS);
  }
}

const TITLE_WIDTH = 64;

function report(story: readonly Phase[], outcomes: readonly Outcome[]): number {
  const ms = (value: number | null): string => (value === null ? '–' : `${value.toFixed(0)} ms`);
  const headings = ['no.', 'severity', 'caused by', 'findings', 'POST → push', 'response done', 'title'];
  const rows = outcomes.map(({ number, severity, phase, findings, toPushMs, toResponseMs, title }) => [
    `#${number}`,
    severity,
    phase.title,
    findings,
    ms(toPushMs).padStart(11),
    ms(toResponseMs).padStart(13),
    shorten(title, TITLE_WIDTH),
  ]);
  console.log(`\n${table(headings, rows)}\n`);
  const complaints = complaintsAbout(story, outcomes);
  for (const complaint of complaints) console.error(`argus: ${complaint}`);
  if (complaints.length > 0) return 1;
  console.log('Normal traffic raised nothing; every attack became an incident. See them again: argus incidents');
  return 0;
}
