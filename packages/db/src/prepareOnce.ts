import type { Database } from "./database.ts"

/**
 * For reads on the hot path: builds a statement once for each database. PostgreSQL parses and plans it once for each
 * connection.
 */
export function prepareOnce<Statement>(prepare: (db: Database) => Statement): (db: Database) => Statement {
  const statements = new WeakMap<Database, Statement>()
  return (db) => {
    let statement = statements.get(db)
    if (!statement) {
      statement = prepare(db)
      statements.set(db, statement)
    }
    return statement
  }
}
