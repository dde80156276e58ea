import type { Database } from "./database.ts"

/**
 * For reads that every call needs: a statement that is built once for each database, and that PostgreSQL parses
 * and plans once for each connection.
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
