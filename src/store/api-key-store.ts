import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type DataSource } from 'typeorm';
import { ArgusError } from '../domain/errors';
import { type Principal, type Role } from '../domain/role';
import { ApiKey } from '../entities/api-key.entity';
import { updated } from './database';

/** What every key of Argus begins with, so that secret scanners can know it. */
const MARK = 'argus_';
const CACHE_MS = 2_000;
const CACHE_SIZE = 10_000;
const LAST_USED_EVERY_MS = 60_000;

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly expires_at: Date | null;
}

/** API keys: stored as SHA-256 (they are random, so no slow hash is needed), found by it, cached for two seconds. */
export class ApiKeyStore {
  readonly #cache = new Map<string, { readonly principal: Principal | null; readonly until: number }>();
  readonly #lastUsed = new Map<string, number>();
  #live: ReadonlySet<string> = new Set();

  constructor(
    private readonly db: DataSource,
    private readonly now: () => number,
  ) {}

  /** Who holds this key; null when it is unknown, revoked or expired. A revocation takes effect within two seconds. */
  async principalOf(secret: string): Promise<Principal | null> {
    if (!secret.startsWith(MARK) || secret.length > 200) return null;
    const hash = hashOf(secret);
    const cacheKey = hash.toString('hex');
    const now = this.now();
    const cached = this.#cache.get(cacheKey);
    if (cached && cached.until > now) return cached.principal;
    const [row] = await this.db.query<KeyRow[]>(
      'SELECT id, name, role, expires_at FROM api_keys WHERE hash = $1 AND revoked_at IS NULL',
      [hash],
    );
    const live = row && (row.expires_at === null || row.expires_at.getTime() > now);
    const principal = live ? { id: row.id, name: row.name, role: row.role } : null;
    if (this.#cache.size >= CACHE_SIZE) this.#cache.clear();
    this.#cache.set(cacheKey, { principal, until: now + CACHE_MS });
    if (principal) await this.#touch(principal.id, now);
    return principal;
  }

  /** Reads the live keys now and every two seconds from then on, for `isLive`. Answers how to stop. */
  async watch(): Promise<() => void> {
    const refresh = async (): Promise<void> => {
      const rows = await this.db.query<{ id: string }[]>(
        'SELECT id FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())',
      );
      this.#live = new Set(rows.map(({ id }) => id));
    };
    await refresh();
    const timer = setInterval(() => {
      refresh().catch(() => undefined); // the database is away: sockets stay as they are until it is back
    }, CACHE_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** False when the key of this principal has been revoked or has expired; accurate to two seconds. */
  isLive(principalId: string): boolean {
    return this.#live.has(principalId);
  }

  /** Makes a key and answers its secret, which is kept nowhere. */
  async create(request: {
    readonly name: string;
    readonly role: Role;
    readonly expiresAt: Date | null;
  }): Promise<{ readonly apiKey: ApiKey; readonly secret: string }> {
    const secret = MARK + randomBytes(30).toString('base64url');
    return { secret, apiKey: await this.#insert(secret, request) };
  }

  /** Makes sure that this secret is a live admin key, for the key that the operator presets. */
  async ensureAdmin(secret: string): Promise<void> {
    if (!secret.startsWith(MARK) || secret.length < 20) {
      throw new ArgusError('INVALID_INPUT', `ARGUS_ADMIN_KEY must begin with ${MARK} and have at least 20 characters.`);
    }
    const [known] = await this.db.query<unknown[]>('SELECT 1 FROM api_keys WHERE hash = $1', [hashOf(secret)]);
    if (!known) await this.#insert(secret, { name: 'admin (preset)', role: 'ADMIN', expiresAt: null });
  }

  /** True when no admin key is live: the first start. */
  async hasNoAdmin(): Promise<boolean> {
    const [row] = await this.db.query<unknown[]>(
      `SELECT 1 FROM api_keys WHERE role = 'ADMIN' AND revoked_at IS NULL LIMIT 1`,
    );
    return row === undefined;
  }

  /**
   * Revokes for good.
   * @throws ArgusError NOT_FOUND without such a key; CONFLICT for the last live admin key.
   */
  async revoke(id: string): Promise<ApiKey> {
    return this.db.transaction(async (sql) => {
      const admins = await sql.query<{ id: string }[]>(
        `SELECT id FROM api_keys WHERE role = 'ADMIN' AND revoked_at IS NULL FOR UPDATE`,
      );
      if (admins.length === 1 && admins[0]?.id === id) {
        throw new ArgusError('CONFLICT', 'This is the last admin key: make another one first.', ['input', 'id']);
      }
      await updated(sql, 'UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1', [id]);
      const apiKey = await sql.getRepository(ApiKey).findOneBy({ key: id });
      if (!apiKey) throw new ArgusError('NOT_FOUND', 'No API key has this id.', ['input', 'id']);
      this.#cache.clear();
      return apiKey;
    });
  }

  async #insert(secret: string, key: { name: string; role: Role; expiresAt: Date | null }): Promise<ApiKey> {
    const id = randomUUID();
    await this.db.query(
      `INSERT INTO api_keys (id, name, role, prefix, hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, key.name, key.role, secret.slice(0, MARK.length + 4), hashOf(secret), key.expiresAt],
    );
    this.#live = new Set([...this.#live, id]);
    return this.db.getRepository(ApiKey).findOneByOrFail({ key: id });
  }

  /** Notes the use, at most once a minute and key. */
  async #touch(id: string, now: number): Promise<void> {
    if (now - (this.#lastUsed.get(id) ?? 0) < LAST_USED_EVERY_MS) return;
    this.#lastUsed.set(id, now);
    await this.db.query('UPDATE api_keys SET last_used_at = now() WHERE id = $1', [id]);
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
