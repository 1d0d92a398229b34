#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error';
import { ArgusClient } from './client';
import { demo } from './commands/demo';
import { health } from './commands/health';
import { incidents, type IncidentsOptions } from './commands/incidents';
import { parseBatch, replay, type ReplayOptions } from './commands/replay';
import { readSettings } from './settings';
import { printable } from './text';

const DEFAULT_BATCH = 5_000;

type Run = (client: ArgusClient, signal: AbortSignal) => Promise<number>;

/** Runs a command with a client that is closed afterwards; the first Ctrl-C ends it in good order. */
async function withClient(program: Command, run: Run): Promise<void> {
  const client = new ArgusClient(readSettings(program.opts<{ url?: string }>().url));
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  try {
    process.exitCode = await run(client, interrupted.signal);
  } finally {
    await client.close();
  }
}

function createProgram(): Command {
  const program = new Command('argus')
    .description('Speaks to a running Argus. The API key is read from ARGUS_KEY or ARGUS_ADMIN_KEY alone.')
    .option('--url <url>', 'where Argus is (default: ARGUS_URL, else http://127.0.0.1:4000)')
    .exitOverride();
  program
    .command('replay')
    .description('send JSON Lines files, plain or gzip, through /ingest; running it twice stores nothing twice')
    .argument('<file...>', 'files of one JSON object a line')
    .option('--stream <name>', 'stream to send to (default: made of the name of each file)')
    .option(
      '--batch <lines>',
      'lines in one request, 1 to 5000; keep it the same for the second run of a file',
      parseBatch,
      DEFAULT_BATCH,
    )
    .option('--json', 'print one JSON object for each file')
    .action((files: string[], options: ReplayOptions) =>
      withClient(program, (client) => replay(client, files, options)),
    );
  program
    .command('incidents')
    .description('list the newest incidents, or watch them change')
    .option('--open', 'only those neither resolved nor closed')
    .option('--watch', 'print each change from now on, across reconnections')
    .option('--json', 'print one JSON object a line')
    .action((options: IncidentsOptions) => withClient(program, (client, signal) => incidents(client, options, signal)));
  program
    .command('demo')
    .description('play an attack story and show the incidents that it causes')
    .action(() => withClient(program, (client, signal) => demo(client, signal)));
  program
    .command('health')
    .description('say whether Argus can serve')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => withClient(program, (client) => health(client, options)));
  return program;
}

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode; // commander has said what is wrong
      return;
    }
    const known = error instanceof CliError;
    const text = known ? `${error.code}: ${error.message}` : `this is a defect of the command: ${String(error)}`;
    console.error(`argus: ${printable(text)}`);
    process.exitCode = 1;
  });
