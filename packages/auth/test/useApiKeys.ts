import { apiKeys } from "@latchkey/db/schema"
import type { DatabaseKind } from "@latchkey/db/test"
import { eq } from "drizzle-orm"
import type { Caller } from "../src/identities/caller.ts"
import { client } from "./createTestAuth.ts"
import { useAuth } from "./useAuth.ts"

/** Opens a database for the tests of a `describe` about keys, with one instance. */
export function useApiKeys(kind: DatabaseKind) {
  const on = useAuth(kind)

  const createKey = (user: { caller: Caller }, instance = on.auth) =>
    instance.apiKeys.create(user.caller, { label: "nightly import", expiresAt: null, scopes: null }, client)

  async function rowOf(id: string) {
    const [row] = await on.db.select().from(apiKeys).where(eq(apiKeys.id, id))
    if (!row) throw new TypeError("no such row")
    return row
  }

  return { on, createKey, rowOf }
}
