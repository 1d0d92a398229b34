import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { isJsonObject } from '../domain/json';

/** An entry of the in-memory trail that the export reads. */
export interface TrailEntry {
  readonly id: string;
  readonly timestamp: string;
  readonly operation: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AccessEntry {
  readonly userId: string;
  readonly action: string;
  readonly resourceId: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly ipAddress: string;
  readonly userAgent: string;
  readonly message: 'Access Validation Event' | 'Access Enforcement Event' | 'Access Validation Error';
}

const TRAIL_LENGTH = 1_000;
const AUDIT_SECRET = 'default-audit-secret-change-in-production';
const EMPTY_FIELDS = {
  mitigationActions: [],
  featureVector: {},
  trainingLabels: {},
  humanDecision: {},
  processingSteps: [],
  decisionOutcome: {},
  contextMetadata: {},
};

/** The backend's two audit files, line for line, and the trail in memory. Writes no files without a folder. */
export class AuditLog {
  /** Newest last. */
  readonly trail: TrailEntry[] = [];

  constructor(
    private readonly folder: string | undefined,
    private readonly now: () => number,
  ) {}

  /** A line of `data-integrity-audit.log`. */
  operation(
    operation: string,
    details: Readonly<Record<string, unknown>>,
    context: Readonly<Record<string, unknown>>,
  ): void {
    const now = this.now();
    const id = `audit_${now}_${randomSuffix()}`;
    const timestamp = new Date(now).toISOString();
    this.remember({ id, timestamp, operation, details });
    const message = 'Data Integrity Operation';
    this.write('data-integrity-audit.log', { id, timestamp, level: 'info', message, operation, details, context });
  }

  /** A signed line of `access-audit.log`. */
  access({ message, ...entry }: AccessEntry): void {
    const timestamp = new Date(this.now()).toISOString();
    const signed = {
      id: `al_${this.now()}_${randomSuffix()}`,
      timestamp,
      createdAt: timestamp,
      ...entry,
      ...EMPTY_FIELDS,
    };
    const signature = createHmac('sha256', AUDIT_SECRET).update(JSON.stringify(signed)).digest('hex');
    this.write('access-audit.log', { ...signed, signature, level: 'info', message });
  }

  remember(entry: TrailEntry): void {
    this.trail.push(entry);
    if (this.trail.length > TRAIL_LENGTH) this.trail.shift();
  }

  private write(file: string, line: object): void {
    if (this.folder === undefined) return;
    appendFileSync(join(this.folder, file), `${JSON.stringify(sortKeys(line))}\n`);
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]));
}

function randomSuffix(): string {
  return Math.random().toString(36).slice(2, 11);
}
