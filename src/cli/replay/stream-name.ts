import { basename } from 'node:path';
import { CliError } from '../cli-error';
import { STREAM_NAME } from '../../domain/event';

const MAX_NAME = 64;
const ENDINGS = /(?:\.(?:gz|jsonl|ndjson|json))+$/;

/**
 * The stream of a file by its name: lower case, without its ending, `-` for what a stream name may not hold.
 * @throws CliError when nothing is left of it.
 */
export function streamNameOf(file: string): string {
  const name = basename(file)
    .toLowerCase()
    .replace(ENDINGS, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, MAX_NAME);
  if (!STREAM_NAME.test(name)) {
    throw new CliError('INVALID_STREAM_NAME', `No stream name can be made of “${file}”; give one with --stream.`);
  }
  return name;
}
