import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { SpawnedArgus, until } from '../support/spawn-argus';

const DATA = path.resolve(process.env.ARGUS_SHARED ?? '../shared', 'data');

function jsonlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
}

const files = existsSync(DATA) ? jsonlFiles(DATA) : [];
const there = files.length > 0;

(there ? describe : describe.skip)(`the files under ${DATA}${there ? '' : ' (absent: set ARGUS_SHARED)'}`, () => {
  let argus: SpawnedArgus;
  beforeAll(async () => (argus = await SpawnedArgus.start()), 60_000);
  afterAll(() => argus.remove());

  it('are taken without loss: lines in = accepted + duplicates + rejected, stored = accepted, all detected', async () => {
    let accepted = 0;
    for (const file of files) {
      const body = readFileSync(path.join(DATA, file));
      const lines = body
        .toString()
        .split('\n')
        .filter((line) => line !== '').length;
      const stream = file
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .slice(-64);
      const answer = await argus.ingest(stream, gzipSync(body, { level: 1 }), { 'content-encoding': 'gzip' });
      expect({
        file,
        status: answer.status,
        counted: answer.accepted + answer.duplicates + answer.rejectedCount,
      }).toEqual({
        file,
        status: 200,
        counted: lines,
      });
      const [row] = await argus.query('SELECT count(*)::int AS stored FROM events WHERE stream = $1', [stream]);
      expect({ file, ...row }).toEqual({ file, stored: answer.accepted });
      accepted += answer.accepted;
    }
    expect(accepted).toBeGreaterThan(0);
    await until(async () => (await argus.lag()) === 0, 'the end of detection', 120_000);
  }, 240_000);
});
