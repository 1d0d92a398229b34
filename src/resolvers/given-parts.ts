/** A filter with the parts that were given: a part that is null says the same as one that is left out. */
export function givenParts<Filter extends object>(filter: Filter | null | undefined): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter ?? {}).filter(([, value]) => value !== null)) as Partial<Filter>;
}
