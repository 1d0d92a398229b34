/** A page asked for: at most `first` rows, behind the cursor `after` of the row before. */
export interface PageArgs {
  readonly first: number;
  readonly after: string | null;
}

/** A page read: rows with their cursors, and whether more follow. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Makes a page of rows that were read with one more than asked for. */
export function toPage<Row>(
  rows: readonly Row[],
  { first, after }: PageArgs,
  cursorOf: (row: Row) => string,
): Page<Row> {
  const kept = rows.slice(0, first);
  return {
    rows: kept,
    cursors: kept.map(cursorOf),
    hasNextPage: rows.length > first,
    hasPreviousPage: after !== null,
  };
}
