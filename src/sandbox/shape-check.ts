import { isJsonObject } from '../domain/json';

/** Answers what is wrong with a value, to follow `"<field>" `, or null. */
export type Rule = (value: unknown) => string | null;

/** One field of a body: its rule, and whether it must be there. */
export interface Field {
  readonly rule: Rule;
  readonly required: boolean;
}

export const text: Rule = (value) => {
  if (typeof value !== 'string') return 'must be a string';
  return value === '' ? 'is not allowed to be empty' : null;
};
export const texts: Rule = (value) => {
  if (!Array.isArray(value)) return 'must be an array';
  return value.every((item) => typeof item === 'string') ? null : 'must contain strings';
};
export const object: Rule = (value) => (isJsonObject(value) ? null : 'must be of type object');
export const flag: Rule = (value) =>
  typeof value === 'boolean' || value === 'true' || value === 'false' ? null : 'must be a boolean';

export function oneOf(...allowed: readonly string[]): Rule {
  return (value) =>
    typeof value === 'string' && allowed.includes(value) ? null : `must be one of [${allowed.join(', ')}]`;
}

export function required(rule: Rule): Field {
  return { rule, required: true };
}

export function optional(rule: Rule): Field {
  return { rule, required: false };
}

/** The first violation as the backend words it, or null: fields in their order, then unknown keys. */
export function firstViolation(body: unknown, fields: Readonly<Record<string, Field>>): string | null {
  const given = isJsonObject(body) ? body : {};
  for (const [name, { rule, required: needed }] of Object.entries(fields)) {
    const value: unknown = given[name];
    if (value === undefined && needed) return `"${name}" is required`;
    const wrong = value === undefined ? null : rule(value);
    if (wrong !== null) return `"${name}" ${wrong}`;
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  return unknown === undefined ? null : `"${unknown}" is not allowed`;
}
