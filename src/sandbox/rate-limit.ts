import { type Exchange, type Reply, sentence } from './exchange';

const WINDOW_MS = 15 * 60_000;

/** Calls per address in windows of 15 minutes. Refused and invalid calls count too. */
export class RateLimit {
  private readonly windows = new Map<string, { count: number; readonly resetAt: number }>();

  constructor(
    private readonly limit: number,
    private readonly message: string,
    private readonly now: () => number,
    private readonly enabled: boolean,
  ) {}

  /** Counts the call: the headers of its answer, or the refusal. */
  admit({ ip }: Exchange): { readonly headers: Readonly<Record<string, string>>; readonly refusal: Reply | null } {
    if (!this.enabled) return { headers: {}, refusal: null };
    const now = this.now();
    let window = this.windows.get(ip);
    if (!window || window.resetAt <= now) {
      window = { count: 0, resetAt: now + WINDOW_MS };
      this.windows.set(ip, window);
    }
    window.count++;
    const headers = {
      'X-RateLimit-Limit': String(this.limit),
      'X-RateLimit-Remaining': String(Math.max(0, this.limit - window.count)),
      'X-RateLimit-Reset': String(Math.ceil(window.resetAt / 1000)),
    };
    if (window.count <= this.limit) return { headers, refusal: null };
    const retryAfter = String(Math.ceil((window.resetAt - now) / 1000));
    return { headers, refusal: sentence(429, this.message, { ...headers, 'Retry-After': retryAfter }) };
  }
}
