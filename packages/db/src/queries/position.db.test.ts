import { randomUUID } from "node:crypto"
import { and, eq, sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { openTestDatabase } from "../../test/openTestDatabase.ts"
import { apiKeys, auditEvents } from "../schema.ts"
import { isAfter, newestFirst } from "./position.ts"

test("PostgreSQL reads a page of a user's list from an index, without sorting", async () => {
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
      // Otherwise PostgreSQL scans an empty table despite its indexes.
      await tx.execute(sql`set local enable_seqscan = off`)
      return JSON.stringify(await tx.execute(sql`explain ${page}`))
    })
    expect(plan).toMatch(/Index.* Scan using \w+_by_user/)
    expect(plan).not.toContain("Sort")
  }
})
