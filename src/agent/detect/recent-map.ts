/** A map that keeps the `limit` most recently used entries; grows with use, not with its limit. O(1) for each call. */
export class RecentMap<Value> {
  private readonly entries = new Map<string, Value>();

  constructor(private readonly limit: number) {}

  /** The value, made and kept where there is none; counts as a use. */
  getOrCreate(key: string, create: () => Value): Value {
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    const created = create();
    this.entries.set(key, created);
    if (this.entries.size > this.limit) this.dropOldest();
    return created;
  }

  /** The value if there is one; does not count as a use. */
  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  values(): Iterable<Value> {
    return this.entries.values();
  }

  get size(): number {
    return this.entries.size;
  }

  private dropOldest(): void {
    for (const key of this.entries.keys()) {
      this.entries.delete(key);
      return;
    }
  }
}
