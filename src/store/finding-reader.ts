import { type DataSource } from 'typeorm';
import { decodeNumericCursor, encodeCursor } from '../domain/cursor';
import { type Severity, severityRank, SEVERITIES } from '../domain/severity';
import { Finding } from '../entities/finding.entity';
import { hydrate } from './hydrate';
import { type Page, type PageArgs, toPage } from './page';

export interface FindingFilter {
  readonly incidentKey?: string;
  readonly rule?: string;
  readonly detector?: string;
  readonly stream?: string;
  readonly minSeverity?: Severity;
}

const KIND = 'findings';
const cursorOf = (finding: Finding): string => encodeCursor(KIND, finding.key);

/** Reads findings, newest first. */
export class FindingReader {
  constructor(private readonly db: DataSource) {}

  async byKeys(keys: readonly number[]): Promise<readonly Finding[]> {
    return hydrate(this.db, Finding, await this.db.query('SELECT * FROM findings WHERE id = ANY($1)', [keys]));
  }

  async page(args: PageArgs, filter: FindingFilter): Promise<Page<Finding>> {
    const { incidentKey, rule, detector, stream, minSeverity } = filter;
    const graveEnough = minSeverity && SEVERITIES.slice(severityRank(minSeverity) - 1);
    const rows = await this.db.query<object[]>(
      `SELECT * FROM findings WHERE ($2::bigint IS NULL OR id < $2) AND ($3::uuid IS NULL OR incident_id = $3)
         AND ($4::text IS NULL OR rule = $4) AND ($5::text IS NULL OR detector = $5)
         AND ($6::text IS NULL OR stream = $6) AND ($7::text[] IS NULL OR severity = ANY($7))
       ORDER BY id DESC LIMIT $1`,
      [args.first + 1, before(args), incidentKey, rule, detector, stream, graveEnough],
    );
    return toPage(hydrate(this.db, Finding, rows), args, cursorOf);
  }

  /** One page for each of many incidents, in one statement. */
  async pages(incidents: readonly string[], args: PageArgs): Promise<readonly Page<Finding>[]> {
    const rows = await this.db.query<object[]>(
      `SELECT f.* FROM unnest($1::uuid[]) AS k(id) CROSS JOIN LATERAL (
         SELECT * FROM findings WHERE incident_id = k.id AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) f
       ORDER BY f.id DESC`,
      [incidents, before(args), args.first + 1],
    );
    const byIncident = Map.groupBy(hydrate(this.db, Finding, rows), ({ incidentKey }) => incidentKey);
    return incidents.map((key) => toPage(byIncident.get(key) ?? [], args, cursorOf));
  }
}

function before({ after }: PageArgs): number | null {
  return after === null ? null : (decodeNumericCursor(KIND, after, 1)[0] ?? null);
}
