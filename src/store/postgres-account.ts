import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The account that PostgreSQL runs under where Argus runs as root, which PostgreSQL refuses. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** A folder that the account can reach, for what lies in places it cannot. */
  readonly home: string;
  /** Whether the account may pass every folder on the way to `target` and read it. */
  mayEnter(target: string): boolean;
}

const HOME = '/var/lib/argus';

/** Null where Argus is not root: the server then runs as Argus does. Prefers the account `postgres`, else `nobody`. */
export function serverAccount(): Account | null {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return null;
  const accounts = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  const uid = Number(found?.[2] ?? 65_534);
  const gid = Number(found?.[3] ?? 65_534);
  return { uid, gid, home: HOME, mayEnter: (target) => mayEnter(target, uid, gid) };
}

/**
 * Where the cluster lies: in `dir`, or, where the server's account may not enter the way there (a checkout below /root
 * or in a private temporary folder), in a folder of its own under /var/lib/argus named after `dir`.
 */
export function clusterHome(
  dir: string,
  account: Account | null,
): { data: string; passwordFile: string; logFile: string } {
  fs.mkdirSync(dir, { recursive: true });
  let home = dir;
  if (account) {
    fs.mkdirSync(account.home, { recursive: true, mode: 0o755 });
    if (!account.mayEnter(dir)) {
      home = path.join(account.home, createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 16));
    }
    home = path.join(home, 'postgres');
    fs.mkdirSync(home, { recursive: true, mode: 0o755 });
    fs.chownSync(home, account.uid, account.gid);
  } else {
    home = path.join(home, 'postgres');
    fs.mkdirSync(home, { recursive: true });
  }
  return {
    data: path.join(home, 'data'),
    passwordFile: path.join(home, 'password'),
    logFile: path.join(home, 'server.log'),
  };
}

function mayEnter(target: string, uid: number, gid: number): boolean {
  const full = fs.realpathSync(target);
  for (let folder = full; ; folder = path.dirname(folder)) {
    const { mode, uid: owner, gid: group } = fs.statSync(folder);
    const bits = owner === uid ? mode >> 6 : group === gid ? mode >> 3 : mode;
    const needed = folder === full ? 0o5 : 0o1;
    if ((bits & needed) !== needed) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
