import { type DataSource } from 'typeorm';
import { Response, ResponseStep } from '../entities/response.entity';
import { hydrate } from './hydrate';

/** Newest responses shown with an incident; older ones are found by id. */
const PER_INCIDENT = 50;

/** Reads responses and their steps. */
export class ResponseReader {
  constructor(private readonly db: DataSource) {}

  async byKeys(keys: readonly string[]): Promise<readonly Response[]> {
    return hydrate(this.db, Response, await this.db.query('SELECT * FROM responses WHERE id = ANY($1)', [keys]));
  }

  /** Newest first, for each of many incidents, in one statement. */
  async ofIncidents(incidents: readonly string[]): Promise<readonly (readonly Response[])[]> {
    const rows = await this.db.query<object[]>(
      `SELECT r.* FROM unnest($1::uuid[]) AS k(id) CROSS JOIN LATERAL (
         SELECT * FROM responses WHERE incident_id = k.id ORDER BY created_at DESC, id LIMIT $2) r
       ORDER BY r.created_at DESC, r.id`,
      [incidents, PER_INCIDENT],
    );
    const byIncident = Map.groupBy(hydrate(this.db, Response, rows), ({ incidentKey }) => incidentKey);
    return incidents.map((key) => byIncident.get(key) ?? []);
  }

  /** In order, for each of many responses, in one statement. */
  async stepsOf(responses: readonly string[]): Promise<readonly (readonly ResponseStep[])[]> {
    const rows = await this.db.query<object[]>(
      'SELECT * FROM response_steps WHERE response_id = ANY($1) ORDER BY response_id, ordinal',
      [responses],
    );
    const byResponse = Map.groupBy(hydrate(this.db, ResponseStep, rows), ({ responseKey }) => responseKey);
    return responses.map((key) => byResponse.get(key) ?? []);
  }
}
