import { type DatabaseKind, type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { afterAll, beforeAll, inject } from "vitest"
import type { Auth } from "../src/createAuth.ts"
import { createTestAuth } from "./createTestAuth.ts"

/** Opens a database for the tests of a `describe`, with one instance. */
export function useAuth(kind: DatabaseKind) {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = createTestAuth(database.db)
  })
  afterAll(() => database[Symbol.asyncDispose]())

  return {
    get db() {
      return database.db
    },
    get auth() {
      return auth
    },
  }
}
