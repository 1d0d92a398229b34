import { readFileSync, writeFileSync } from 'node:fs';
import { createSchema } from './schema';

const FILE = 'schema/schema.graphql';

/** Writes the schema to its file; with --check, only says whether the file is current, by the exit code. */
async function main(): Promise<void> {
  const { sdl } = await createSchema(new Map());
  const text = `${sdl}\n`;
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8') !== text) {
    process.stderr.write(`${FILE} is not what the code emits: run npm run schema and review the difference.\n`);
    process.exitCode = 1;
  }
}

void main();
