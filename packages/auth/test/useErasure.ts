import { auditEvents, apiKeys as keysTable, owners } from "@latchkey/db/schema"
import { eq, sql } from "drizzle-orm"
import { signUp } from "./createTestAuth.ts"
import type { useOwners } from "./useOwners.ts"

/** Makes administrators that erase users, and reads what an erasure leaves in the database of `useOwners`. */
export function useErasure(on: ReturnType<typeof useOwners>) {
  const rowOf = async (id: string) => (await on.db.select().from(owners).where(eq(owners.id, id)))[0]
  const keysOf = (id: string) => on.db.select().from(keysTable).where(eq(keysTable.ownerId, id))
  const trailOf = (id: string) => on.db.select().from(auditEvents).where(eq(auditEvents.ownerId, id))

  /** All rows of all tables, as text. */
  async function readEverything(): Promise<string> {
    const rows = await on.db.execute(sql`
      select to_jsonb(owners)::text as row from owners union all
      select to_jsonb(sessions)::text from sessions union all
      select to_jsonb(api_keys)::text from api_keys union all
      select to_jsonb(audit_events)::text from audit_events`)
    return JSON.stringify(rows)
  }

  async function signUpAdmin() {
    const admin = await signUp(on.here)
    await on.db.update(owners).set({ role: "admin" }).where(eq(owners.id, admin.user.id))
    return { ...admin, by: on.here.administratorOf(await on.callerOf(admin.headers)) }
  }

  return { rowOf, keysOf, trailOf, readEverything, signUpAdmin }
}
