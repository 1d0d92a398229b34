/** Counts in a window behind the newest event, by event time, with a fixed number of buckets: O(1) for each event. */
const BUCKETS = 32;

/**
 * Events of one key within the last `windowMs`, counted in 32 buckets: memory does not grow with the rate.
 * A count may include events up to one bucket (1/32 of the window) older than the window. Late events count in their
 * own bucket while that is within the window, and are ignored behind it.
 */
export class SlidingCounter {
  private readonly counts = new Uint32Array(BUCKETS);
  private readonly bucketMs: number;
  /** Number, since the epoch, of the newest bucket. */
  private newest = -Infinity;
  private sum = 0;

  constructor(windowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
  }

  /** Adds one event; answers whether it lies within the window that the newest event ends. */
  add(time: number): boolean {
    const bucket = Math.floor(time / this.bucketMs);
    this.advance(bucket);
    if (bucket <= this.newest - BUCKETS) return false;
    const index = ((bucket % BUCKETS) + BUCKETS) % BUCKETS;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum++;
    return true;
  }

  get total(): number {
    return this.sum;
  }

  /** Moves the window so that it ends at `time`, without counting. */
  advanceTo(time: number): void {
    this.advance(Math.floor(time / this.bucketMs));
  }

  private advance(bucket: number): void {
    if (bucket <= this.newest) return;
    if (bucket - this.newest >= BUCKETS) {
      this.counts.fill(0);
      this.sum = 0;
    } else {
      for (let passed = this.newest + 1; passed <= bucket; passed++) {
        const index = ((passed % BUCKETS) + BUCKETS) % BUCKETS;
        this.sum -= this.counts[index] ?? 0;
        this.counts[index] = 0;
      }
    }
    this.newest = bucket;
  }
}

/** Different values seen within a window, at most `limit` of them remembered, the longest unseen dropped first. */
export class SlidingSet {
  /** Value to the latest time it was seen; insertion order is order of refreshing. */
  private readonly seen = new Map<string, number>();
  private newest = -Infinity;

  constructor(
    private readonly windowMs: number,
    private readonly limit: number,
  ) {}

  add(value: string, time: number): void {
    this.newest = Math.max(this.newest, time);
    const latest = Math.max(time, this.seen.get(value) ?? -Infinity);
    if (latest <= this.newest - this.windowMs) return;
    this.seen.delete(value);
    this.seen.set(value, latest);
    this.forget();
  }

  /** How many values were seen within the window; `limit` stands for "that many or more". */
  get size(): number {
    return this.seen.size;
  }

  /** Drops from the old end only: late events may keep a value some time too long, never lose one in the window. */
  private forget(): void {
    for (const [value, time] of this.seen) {
      if (time > this.newest - this.windowMs && this.seen.size <= this.limit) return;
      this.seen.delete(value);
    }
  }
}

/**
 * When to speak of a count that stays high: at the threshold, then at each doubling, and anew once the window has been
 * quiet. 1,000 failures in a row give 8 alarms at a threshold of 5, not 996.
 */
export class Alarm {
  private next: number;
  private lastTime = -Infinity;

  constructor(
    private readonly threshold: number,
    private readonly windowMs: number,
  ) {
    this.next = threshold;
  }

  /** True when this count, reached at `time`, is to be reported. */
  rings(count: number, time: number): boolean {
    const quiet = time - this.lastTime > this.windowMs;
    this.lastTime = Math.max(this.lastTime, time);
    if (quiet || count < this.threshold / 2) this.next = this.threshold;
    if (count < this.next) return false;
    while (this.next <= count) this.next *= 2;
    return true;
  }
}
