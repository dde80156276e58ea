import { sql } from "drizzle-orm"
import { expect, test } from "vitest"
import { useTestDatabase } from "../../test/useTestDatabase.ts"
import type { Database } from "../database.ts"
import { authority, authorityChanges } from "../schema/authority.ts"
import { findChanges } from "./findChanges.ts"
import { markLogged } from "./markLogged.ts"

let db: Database
useTestDatabase("PostgreSQL", (opened) => {
  db = opened
})
const loggedTo = async () => (await db.select().from(authority))[0]?.loggedTo

test("another change at the same position is not noted as logged", async () => {
  await db.update(authority).set({ position: sql`5` })
  await db.insert(authorityChanges).values({ position: 5, subjectId: crypto.randomUUID(), kind: "key" })
  const { at } = await findChanges(db, { after: 0, limit: 1 })
  await markLogged(db, { to: 5, at: "2026-11-27T12:00:00.000Z" })
  expect(await loggedTo()).toBe(0)
  await markLogged(db, { to: 5, at })
  expect(await loggedTo()).toBe(5)
})
