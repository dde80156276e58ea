import { randomUUID } from "node:crypto"
import { createDatabase } from "@latchkey/db"
import { apiKeys, auditEvents } from "@latchkey/db/schema"
import { createMigratedDatabase } from "@latchkey/db/test"
import { startSerializable } from "@latchkey/test-postgres"
import { count } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { importLines, lineOf, newForeignKey } from "../../../test/importLines.ts"

const AT_ONCE = 24

test("24 imports of one file and of others, where the engine runs everything as serializable, store each key once", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  await using proxy = await startSerializable(database.url)
  const { db, close } = await createDatabase(proxy.url)
  const subject = randomUUID()
  const shared = [await lineOf(newForeignKey(), { subject }), await lineOf(newForeignKey(), { subject })]

  const results = await Promise.all(
    Array.from({ length: AT_ONCE }, async () =>
      importLines(db, [...shared, await lineOf(newForeignKey(), { subject })]),
    ),
  )

  expect(results.flatMap(({ refusals }) => refusals)).toEqual([])
  // A batch whose outcome was unknown is imported again, and then counts as present.
  const total = results.reduce((sum, { imported, present }) => sum + imported + present, 0)
  expect(total).toBe(AT_ONCE * (shared.length + 1))
  const stored = await db.select({ keys: count() }).from(apiKeys)
  expect(stored).toEqual([{ keys: AT_ONCE + shared.length }])
  const recorded = await db.select({ events: count() }).from(auditEvents)
  expect(recorded).toEqual([{ events: AT_ONCE + shared.length }])
  await close()
})
