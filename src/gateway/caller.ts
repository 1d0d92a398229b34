import { type Principal } from '../domain/role';

/** Who runs an operation, under which id, and until when: what a GraphQL context is made of. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

/**
 * Makes the context of one execution; for a subscription, of one event, so that loaders never serve stale rows.
 * Answer a plain object: Apollo copies it shallowly, which breaks classes with #private members.
 */
export type MakeContext<Context extends object> = (caller: Caller) => Context | Promise<Context>;
