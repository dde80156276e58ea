import { randomUUID } from "node:crypto"
import { and, eq, sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { openTestDatabase } from "../../test/openTestDatabase.ts"
import { apiKeys, auditEvents } from "../schema.ts"
import { isAfter, newestFirst } from "./position.ts"

test("a page of a user's list is read off an index, in its order", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const after = { id: randomUUID(), createdAt: new Date() }
  for (const table of [apiKeys, auditEvents]) {
    const page = database.db
      .select({ id: table.id })
      .from(table)
      .where(and(eq(table.userId, randomUUID()), isAfter(table, after)))
      .orderBy(...newestFirst(table))
      .limit(51)
    const plan = await database.db.transaction(async (tx) => {
      // Else an empty table is read whole, whatever indexes it has.
      await tx.execute(sql`set local enable_seqscan = off`)
      return JSON.stringify(await tx.execute(sql`explain ${page}`))
    })
    expect(plan).toMatch(/Index.* Scan using \w+_by_user/)
    expect(plan).not.toContain("Sort")
  }
})
