import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgusError } from '../domain/errors';

/**
 * Takes the data folder for this process; answers how to give it back. The lock of a process that is gone is taken over.
 * @throws ArgusError CONFLICT when a living Argus has it.
 */
export function lockDataDir(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'argus.pid');
  const holder = read(file);
  if (holder !== null && holder !== process.pid && isArgus(holder)) {
    throw new ArgusError('CONFLICT', `Another Argus (process ${holder}) uses ${dir}: stop it, or set ARGUS_DATA_DIR.`);
  }
  writeFileSync(file, String(process.pid));
  return () => {
    if (read(file) === process.pid) rmSync(file, { force: true });
  };
}

function read(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8')) || null;
  } catch {
    return null;
  }
}

/** True when the process lives and, where that can be told, is a Node program: process ids are used again. */
function isArgus(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('node');
  } catch {
    return process.platform !== 'linux';
  }
}
