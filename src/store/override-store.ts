import { randomUUID } from 'node:crypto';
import { type DataSource } from 'typeorm';
import { type BackendOverride, type OverrideIntent, type OverrideLedger } from '../agent/ports';
import { ArgusError } from '../domain/errors';
import { Override } from '../entities/override.entity';
import { type Sql, updated } from './database';
import { appendLog } from './event-log';
import { hydrate } from './hydrate';
import { appendTimeline, changeLine, type TimelineLine, touchIncident } from './incident-changes';

/** An outcome, and where it is none: what has happened before is not told a second time. */
interface Change {
  readonly set: string;
  readonly only: string;
}

const ACTIVATION: Change = { set: 'backend_id = $2, ends_at = $3, failure = NULL', only: 'backend_id IS NULL' };
const FAILURE: Change = { set: 'failure = $2', only: 'backend_id IS NULL' };
const DEACTIVATION: Change = { set: 'deactivated_at = $2', only: 'deactivated_at IS NULL' };

/** Overrides as Argus opened them: the intent is written before the backend is asked, the outcome after. */
export class OverrideStore implements OverrideLedger<Override> {
  constructor(private readonly db: DataSource) {}

  /**
   * Writes the intent; with a known idempotency key answers the override of that time instead, and `isNew` false.
   * @throws ArgusError NOT_FOUND without such an incident; CONFLICT when the key was used for something else.
   */
  async intend(intent: OverrideIntent): Promise<{ readonly override: Override; readonly isNew: boolean }> {
    const id = randomUUID();
    const [incident] =
      intent.incidentKey === null
        ? [true]
        : await this.db.query<unknown[]>('SELECT 1 FROM incidents WHERE id = $1', [intent.incidentKey]);
    if (!incident) throw new ArgusError('NOT_FOUND', 'No incident has this id.', ['input', 'incidentId']);
    await this.db.query(
      `INSERT INTO overrides (id, incident_id, justification, requested_by, idempotency_key) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (idempotency_key) DO NOTHING`,
      [id, intent.incidentKey, intent.justification, intent.requestedBy, intent.idempotencyKey],
    );
    const [override] = hydrate(
      this.db,
      Override,
      await this.db.query<object[]>('SELECT * FROM overrides WHERE id = $1 OR idempotency_key = $2', [
        id,
        intent.idempotencyKey,
      ]),
    );
    if (!override) throw new ArgusError('INTERNAL', 'The override was not written.');
    if (override.justification !== intent.justification || override.incidentKey !== intent.incidentKey) {
      throw new ArgusError('CONFLICT', 'This idempotency key was used for another override.', [
        'input',
        'idempotencyKey',
      ]);
    }
    return { override, isNew: override.key === id };
  }

  async activated(key: string, by: string, backend: BackendOverride): Promise<Override> {
    const endsAt = backend.endsAt === null ? null : new Date(backend.endsAt);
    return this.#record(key, ACTIVATION, [backend.id, endsAt], (override) => ({
      kind: 'OVERRIDE_ACTIVATED',
      actor: by,
      summary: `Backend override activated until ${endsAt?.toISOString() ?? 'it is ended by hand'}: ${override.justification}`,
      data: { override: override.id, endsAt: endsAt?.toISOString() ?? null },
    }));
  }

  async failed(key: string, by: string, error: ArgusError): Promise<Override> {
    return this.#record(key, FAILURE, [JSON.stringify(error.toProblem())], (override) => ({
      kind: 'OVERRIDE_ACTIVATED',
      actor: by,
      summary: `Backend override could not be activated: ${error.message}`,
      data: { override: override.id, failed: true, code: error.code },
    }));
  }

  async deactivated(key: string, by: string): Promise<Override> {
    return this.#record(key, DEACTIVATION, [new Date()], (override) => ({
      kind: 'OVERRIDE_DEACTIVATED',
      actor: by,
      summary: 'Backend override ended.',
      data: { override: override.id },
    }));
  }

  async find(key: string): Promise<Override | null> {
    return (await this.byKeys([key]))[0] ?? null;
  }

  async byKeys(keys: readonly string[]): Promise<readonly Override[]> {
    return hydrate(this.db, Override, await this.db.query('SELECT * FROM overrides WHERE id = ANY($1)', [keys]));
  }

  async #record(
    key: string,
    { set, only }: Change,
    values: readonly unknown[],
    entry: (override: Override) => Omit<TimelineLine, 'incident'>,
  ): Promise<Override> {
    return this.db.transaction(async (sql) => {
      const rows = await updated<object>(sql, `UPDATE overrides SET ${set} WHERE id = $1 AND ${only} RETURNING *`, [
        key,
        ...values,
      ]);
      const [override] = hydrate(this.db, Override, rows);
      if (!override) {
        const [known] = hydrate(this.db, Override, await sql.query('SELECT * FROM overrides WHERE id = $1', [key]));
        if (!known) throw new ArgusError('NOT_FOUND', 'No override has this id.', ['input', 'id']);
        return known;
      }
      if (override.incidentKey !== null) await this.#tell(sql, override.incidentKey, entry(override));
      return override;
    });
  }

  async #tell(sql: Sql, incidentKey: string, entry: Omit<TimelineLine, 'incident'>): Promise<void> {
    const incident = await touchIncident(sql, incidentKey);
    if (!incident) return;
    await appendTimeline(sql, [{ incident: incidentKey, ...entry }]);
    await appendLog(sql, [changeLine('OVERRIDE', incident)]);
  }
}
