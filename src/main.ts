import 'reflect-metadata';
import { pino } from 'pino';
import { banner } from './banner';
import { startArgus } from './compose';
import { ConfigError, readConfig } from './config';
import { ArgusError } from './domain/errors';

/** Longest that stopping may take before the process ends all the same, ms. */
const STOP_WITHIN_MS = 9_500;

async function main(): Promise<void> {
  const config = readConfig();
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ fd: 2, sync: true }));
  const argus = await startArgus(config, log);
  process.stdout.write(banner(argus, config));
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    void argus.stop().then(() => {
      log.info({}, 'stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  const expected = error instanceof ConfigError || error instanceof ArgusError;
  process.stderr.write(`Argus did not start: ${expected ? error.message : String((error as Error).stack)}\n`);
  process.exit(expected ? 78 : 1);
});
