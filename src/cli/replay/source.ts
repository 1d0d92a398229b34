import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../domain/errors';
import { CliError } from '../cli-error';

/** A file to be replayed. */
export interface Source {
  readonly size: number;
  /** SHA-256 of the file as it lies on disk, hex. */
  readonly sha256: string;
  /** Its content, unpacked where it is gzip; tells how many bytes of the file have been read. */
  read(onRead: (bytes: number) => void): AsyncIterable<Buffer>;
}

const READ_BYTES = 256 * 1024;
const ARCHIVE = /\.(?:tar|tgz|tar\.[a-z0-9]+|zip|7z)$/i;

/**
 * Looks at the file and hashes it.
 * @throws CliError when it cannot be read, or is an archive of files.
 */
export async function openSource(file: string): Promise<Source> {
  if (ARCHIVE.test(file)) {
    throw new CliError('INVALID_INPUT', `${file} is an archive of files, not JSON Lines: unpack it first.`);
  }
  try {
    const { size, gzipped } = await inspect(file);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES })) hash.update(chunk as Buffer);
    return { size, sha256: hash.digest('hex'), read: (onRead) => readAll(file, gzipped, onRead) };
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function inspect(file: string): Promise<{ size: number; gzipped: boolean }> {
  const handle = await open(file, 'r');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new CliError('INVALID_INPUT', `${file} is not a file.`);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return { size: stat.size, gzipped: bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b };
  } finally {
    await handle.close();
  }
}

async function* readAll(file: string, gzipped: boolean, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  const raw = createReadStream(file, { highWaterMark: READ_BYTES });
  raw.on('data', (chunk) => onRead((bytes += chunk.length)));
  raw.pause();
  const content = gzipped ? pipeline(raw, createGunzip(), () => undefined) : raw;
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const reason =
    code === 'ENOENT' ? 'there is no such file' : code?.startsWith('Z_') ? 'broken gzip' : messageOf(error);
  return new CliError('INVALID_INPUT', `${file} cannot be read: ${reason}.`);
}
