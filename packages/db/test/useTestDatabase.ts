import { afterAll, beforeAll, inject } from "vitest"
import type { Database } from "../src/database.ts"
import { type DatabaseKind, type OpenTestDatabase, openTestDatabase } from "./openTestDatabase.ts"

/** Opens a migrated database before the tests of a file or `describe`, and removes it after them. */
export function useTestDatabase(kind: DatabaseKind, use: (db: Database) => void): void {
  let database: OpenTestDatabase
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    use(database.db)
  })
  afterAll(() => database[Symbol.asyncDispose]())
}
