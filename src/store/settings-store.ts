import { type DataSource } from 'typeorm';
import { type ModeStore } from '../agent/ports';
import { type Json } from '../domain/json';
import { AGENT_MODES, type AgentMode } from '../domain/response';
import { appendLog } from './event-log';
import { enqueueHeldBack } from './response-planning';

const AGENT_MODE = 'agent.mode';

/** Settings that are changed while Argus runs: versioned rows, each change with its author and reason. */
export class SettingsStore implements ModeStore {
  constructor(private readonly db: DataSource) {}

  /** RUNNING until somebody says otherwise; survives restarts. */
  async agentMode(): Promise<AgentMode> {
    const [row] = await this.db.query<{ value: Json }[]>('SELECT value FROM settings WHERE key = $1', [AGENT_MODE]);
    return AGENT_MODES.find((mode) => mode === row?.value) ?? 'RUNNING';
  }

  /** Sets the mode and tells every process by the event log. */
  async setAgentMode(mode: AgentMode, reason: string, by: string): Promise<void> {
    await this.db.transaction(async (sql) => {
      await sql.query(
        `INSERT INTO settings AS s (key, value, reason, updated_by) VALUES ($1, to_jsonb($2::text), $3, $4)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, reason = excluded.reason,
           updated_by = excluded.updated_by, updated_at = clock_timestamp(), version = s.version + 1`,
        [AGENT_MODE, mode, reason, by],
      );
      if (mode !== 'KILLED') await enqueueHeldBack(sql);
      await appendLog(sql, [{ topic: 'agent', kind: 'MODE', payload: { mode, reason, by } }]);
    });
  }
}
