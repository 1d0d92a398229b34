import 'reflect-metadata';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import { startArgus } from '../src/compose';
import { readConfig } from '../src/config';
import { table } from '../src/cli/text';
import { type LoadOptions, type LoadReport, type LoadTask, type Spread } from './latency-figures';

const TARGET = { p50: 50, p99: 250 } as const;

/** Starts an Argus of its own, has another process load it, prints what that measured, and leaves nothing behind. */
async function bench(options: LoadOptions): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'argus-bench-'));
  const key = `argus_bench_${randomBytes(16).toString('hex')}`;
  try {
    const config = readConfig({
      ARGUS_PORT: '0',
      ARGUS_DATA_DIR: dataDir,
      ARGUS_ADMIN_KEY: key,
      ARGUS_LOG_LEVEL: 'silent',
    });
    const argus = await startArgus(config, pino({ level: 'silent' }));
    try {
      const total = options.warmUpSeconds + options.baselineSeconds + options.seconds;
      console.log(
        `Argus and its PostgreSQL in ${dataDir}, ${availableParallelism()} cores for all of it; about ${total} s …`,
      );
      const report = await load({ ...options, url: argus.url, key });
      return print(report, options);
    } finally {
      await argus.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Has the load made by a process of its own. */
async function load(task: LoadTask): Promise<LoadReport> {
  // Without our execArgv: a profile (--cpu-prof) is to be the server's alone.
  const child = fork(join(__dirname, 'latency-load.js'), [], { execArgv: [] });
  try {
    // Ends the load, which ends the bench in good order.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill());
    return await new Promise<LoadReport>((resolve, reject) => {
      child.once('message', (report) => resolve(report as LoadReport));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`The load ended early, with exit code ${code ?? 'none'}.`)));
      child.send(task);
    });
  } finally {
    child.kill();
  }
}

function print(report: LoadReport, { streams, seconds, attackShare }: LoadOptions): number {
  const { baseline, acknowledged, pushed, lateness, attacks, failedPosts, eventsPerSecond } = report;
  const ms = (value: number): string => value.toFixed(1);
  const ratio = (value: number, of: number): string => `${(value / of).toFixed(1)} ×`;
  const row = (name: string, { count, p50, p95, p99, max }: Spread): (string | number)[] => [
    name,
    count,
    ...[p50, p95, p99, max].map(ms),
    ...(name === BASELINE ? ['', ''] : [ratio(p50, baseline.p50), ratio(p99, baseline.p99)]),
  ];
  console.log(`\n${streams} streams × 1 event/s for ${seconds} s, ${(attackShare * 100).toFixed(1)} % attacks; ms\n`);
  console.log(
    table(
      ['', 'n', 'p50', 'p95', 'p99', 'max', 'p50 ÷ base', 'p99 ÷ base'],
      [
        row(BASELINE, baseline),
        row('POST → acknowledged (durable)', acknowledged),
        row('POST → push received', pushed),
        row('(start of requests behind plan)', lateness),
      ],
    ),
  );
  const verdict = (value: number, target: number): string =>
    `${ms(value)} ms, target < ${target} ms: ${value < target ? 'met' : 'MISSED'}`;
  console.log(`\nevents/s acknowledged  ${eventsPerSecond.toFixed(0)}`);
  console.log(`POST → push  p50       ${verdict(pushed.p50, TARGET.p50)}`);
  console.log(`POST → push  p99       ${verdict(pushed.p99, TARGET.p99)}`);
  const lost = attacks - pushed.count;
  if (lost > 0 || failedPosts > 0) console.error(`\nLOST: ${lost} pushes, ${failedPosts} refused events.`);
  return lost > 0 || failedPosts > 0 ? 1 : 0;
}

const BASELINE = 'GET /livez (base)';

function above(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > least && value <= most) return value;
    throw new Error(`A number above ${least}, at most ${most}, is needed; this is “${text}”.`);
  };
}

const program = new Command('bench:latency')
  .description('Measures the time from POST of an event to the push of its incident, at a steady load.')
  .option('--streams <n>', 'streams, each with one event a second', above(0, 20_000), 1_000)
  .option('--seconds <n>', 'how long it counts', above(0, 3_600), 20)
  .option('--attack-share <x>', 'part of the events that are attacks', above(0, 1), 0.02)
  .option('--warm-up-seconds <n>', 'the same load before it counts', above(0, 600), 3)
  .option('--baseline-seconds <n>', 'how long /livez is measured', above(0, 600), 5)
  .parse();

bench(program.opts<LoadOptions>()).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`bench:latency: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
