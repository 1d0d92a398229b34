import 'reflect-metadata';
import { removeAbandonedFolders, startTestPostgres } from './postgres';

declare global {
  var stopTestPostgres: (() => Promise<void>) | undefined;
}

/** Once for each run: one PostgreSQL server for all integration tests. */
export default async function setup(): Promise<void> {
  await removeAbandonedFolders();
  globalThis.stopTestPostgres = await startTestPostgres();
}
