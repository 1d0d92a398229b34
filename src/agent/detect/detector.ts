import { type Finding } from '../../domain/finding';
import { type StoredEvent } from '../../domain/event';

/**
 * A detector: pure, deterministic, total. Events and state in, findings and state out; no I/O, no clock, no randomness.
 *
 * - The same events in the same order give the same findings, however they are cut into batches.
 * - No event makes it throw, hang, or hold more memory than its own stated bound.
 * - Time is the events' own (`event.time`), so history can be replayed.
 *
 * `State` may be changed in place and returned: the caller keeps only what is returned.
 */
export interface Detector<State> {
  readonly id: string;
  /** Changes whenever the same events could give other findings. */
  readonly version: string;
  initialState(): State;
  detect(
    events: readonly StoredEvent[],
    state: State,
  ): { readonly findings: readonly Finding[]; readonly state: State };
}
