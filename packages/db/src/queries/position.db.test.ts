import { randomUUID } from "node:crypto"
import { and, eq, sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { openTestDatabase } from "../../test/openTestDatabase.ts"
import { apiKeys } from "../schema/apiKeys.ts"
import { auditEvents } from "../schema/auditEvents.ts"
import { isAfter, newestFirst } from "./position.ts"
import { byLastTime } from "./trail/auditEvents.ts"

test("PostgreSQL reads a page of an owner's list from an index, without sorting", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const after = { id: randomUUID(), createdAt: new Date() }
  for (const [table, order] of [
    [apiKeys, apiKeys],
    [auditEvents, byLastTime],
  ] as const) {
    const page = database.db
      .select({ id: table.id })
      .from(table)
      .where(and(eq(table.ownerId, randomUUID()), isAfter(order, after)))
      .orderBy(...newestFirst(order))
      .limit(51)
    const plan = await database.db.transaction(async (tx) => {
      // Otherwise PostgreSQL scans an empty table despite its indexes.
      await tx.execute(sql`set local enable_seqscan = off`)
      return JSON.stringify(await tx.execute(sql`explain ${page}`))
    })
    expect(plan).toMatch(/Index.* Scan using \w+_by_(owner|last_time)/)
    // Partitions are merged by a sort key, without a sort.
    expect(plan).not.toContain("Sort  (")
  }
})
