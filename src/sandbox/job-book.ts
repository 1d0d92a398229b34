/** A job's row. Rows outlive the process; the queue does not. */
export interface JobRow {
  readonly id: string;
  status: 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';
  progress: number;
  message: string;
  /** Times are ms since 1970-01-01 UTC. */
  readonly createdAt: number;
  updatedAt: number;
  readonly expiresAt: number;
  completedAt: number | null;
  result: Readonly<Record<string, unknown>> | null;
}

/** What a worker does with a job; it reports its steps. */
export type JobWork = (report: (progress: number, step: string) => void) => Promise<Record<string, unknown>>;

const LIFE_MS = 24 * 60 * 60_000;

/** The table of jobs. */
export class JobTable {
  readonly rows = new Map<string, JobRow>();

  constructor(private readonly now: () => number) {}

  /** Ids are times: two jobs of one millisecond share one. */
  insert(): JobRow {
    const now = this.now();
    const row: JobRow = {
      id: String(now),
      status: 'queued',
      progress: 0,
      message: 'Queued for processing...',
      createdAt: now,
      updatedAt: now,
      expiresAt: now + LIFE_MS,
      completedAt: null,
      result: null,
    };
    this.rows.set(row.id, row);
    return row;
  }

  update(
    row: JobRow,
    change: Partial<Pick<JobRow, 'status' | 'progress' | 'message' | 'result' | 'completedAt'>>,
  ): void {
    Object.assign(row, change, { updatedAt: this.now() });
  }
}

/** The queue of one process: one worker, and by default one job in its whole life. */
export class JobQueue {
  private readonly waiting: { readonly row: JobRow; readonly work: JobWork }[] = [];
  private busy = false;
  private spent = false;

  constructor(
    private readonly table: JobTable,
    private readonly now: () => number,
    /** True: the worker never returns to the queue after its first job. */
    private readonly oneJobOnly: boolean,
    /** Ends the process; null = a failing job only fails. */
    private readonly crash: (() => void) | null,
  ) {}

  push(row: JobRow, work: JobWork): void {
    this.waiting.push({ row, work });
    // The worker takes the job after the upload has been answered.
    setTimeout(() => void this.next(), 20).unref();
  }

  private async next(): Promise<void> {
    if (this.busy || this.spent) return;
    const job = this.waiting.shift();
    if (!job) return;
    this.busy = true;
    this.spent = this.oneJobOnly;
    await this.run(job.row, job.work);
    this.busy = false;
    void this.next();
  }

  private async run(row: JobRow, work: JobWork): Promise<void> {
    if (row.status === 'cancelled') return;
    try {
      this.table.update(row, { status: 'processing' });
      const result = await work((progress, step) =>
        this.table.update(row, { progress, message: `Processing: ${step}...` }),
      );
      const done = { status: 'completed', message: 'Completed successfully', completedAt: this.now() } as const;
      this.table.update(row, { ...done, result });
    } catch (error) {
      const message = error instanceof Error ? error.message : 'Job failed';
      this.table.update(row, { status: 'failed', message });
      this.crash?.();
    }
  }
}
