/** Roles in rising order: each may do what those before it may. */
export const ROLES = ['VIEWER', 'ANALYST', 'RESPONDER', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

/** True when `held` includes the rights of `needed`. */
export function hasRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** Who is calling: a person or a service, known by an API key. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}
