import { type DataSource, type EntityTarget } from 'typeorm';

/**
 * Entities from rows of raw SQL (or from rows kept as JSON), columns by their names in the database: the shape and the
 * conversions are TypeORM's own, the SQL is ours.
 */
export function hydrate<Entity extends object>(
  db: DataSource,
  target: EntityTarget<Entity>,
  rows: readonly object[],
): Entity[] {
  const metadata = db.getMetadata(target);
  return rows.map((row) => {
    const values = row as Readonly<Record<string, unknown>>;
    const entity = metadata.create() as Entity;
    for (const column of metadata.columns) {
      const value: unknown = db.driver.prepareHydratedValue(values[column.databaseName], column);
      column.setEntityValue(entity, value);
    }
    return entity;
  });
}
