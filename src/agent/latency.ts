/** The latest measurements in a ring; quantiles over them. Bounded: holds `size` numbers. */
export class LatencyWindow {
  readonly #ring: Float64Array;
  #count = 0;

  constructor(size = 4_096) {
    this.#ring = new Float64Array(size);
  }

  add(ms: number): void {
    this.#ring[this.#count++ % this.#ring.length] = ms;
  }

  /** The value below which a share `q` (0…1) of the latest measurements lies, ms; null before the first. */
  quantile(q: number): number | null {
    const filled = Math.min(this.#count, this.#ring.length);
    if (filled === 0) return null;
    const sorted = this.#ring.slice(0, filled).sort();
    return sorted[Math.min(filled - 1, Math.floor(q * filled))] ?? null;
  }
}
