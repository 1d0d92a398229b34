import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { removeAbandonedFolders } from './postgres';

/** Once for each run: the program is built when it is stale, as `npm start` would. */
export default async function setup(): Promise<void> {
  await removeAbandonedFolders();
  execFileSync(process.execPath, [path.resolve('scripts', 'setup.mjs')], { stdio: 'inherit' });
}
