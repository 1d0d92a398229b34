export interface Override {
  readonly id: string;
  readonly adminId: string;
  readonly justification: string;
  /** ms since 1970-01-01 UTC. */
  readonly startsAt: number;
  /** ms since 1970-01-01 UTC; null = never. */
  readonly endsAt: number | null;
}

/** The emergency overrides of one process: they end by themselves and are lost with it. */
export class OverrideBook {
  private readonly overrides = new Map<string, Override>();
  private lastActivation = Number.NEGATIVE_INFINITY;

  constructor(private readonly now: () => number) {}

  /** False when another activation was less than 200 ms ago. */
  takeTurn(): boolean {
    const now = this.now();
    if (now - this.lastActivation < 200) return false;
    this.lastActivation = now;
    return true;
  }

  open(adminId: string, justification: string, durationMs: number | null): Override {
    const startsAt = this.now();
    const id = `override_${startsAt}_${Math.random().toString(36).slice(2, 11)}`;
    const override = {
      id,
      adminId,
      justification,
      startsAt,
      endsAt: durationMs === null ? null : startsAt + durationMs,
    };
    this.overrides.set(id, override);
    return override;
  }

  /** The override that was active and is no longer; null when there was none. */
  end(id: string): Override | null {
    const override = this.active().find((one) => one.id === id);
    this.overrides.delete(id);
    return override ?? null;
  }

  active(): readonly Override[] {
    const now = this.now();
    for (const { id, endsAt } of [...this.overrides.values()]) {
      if (endsAt !== null && endsAt <= now) this.overrides.delete(id);
    }
    return [...this.overrides.values()];
  }
}
