import { randomUUID } from "node:crypto"
import { connect, eventually } from "@latchkey/test-postgres"
import { eq } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { newUser, openTestDatabase } from "../../../test/openTestDatabase.ts"
import { appointOldestUser, createUser } from "../../index.ts"
import { owners } from "../../schema/owners.ts"

test("an account that is erased at the same moment does not become the administrator", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const { db } = database
  const user = await createUser(db, { ...newUser(), email: `${randomUUID()}@example.com` })
  const id = user?.id ?? ""
  const [sql, other] = [connect(database.url), connect(database.url)]
  const erasure = await other.reserve()
  await erasure`begin`
  await erasure`update latchkey.owners set erased_at = now(), disabled_at = now(), email = null, password_hash = null where id = ${id}`

  const appointed = appointOldestUser(db)
  await eventually(async () => {
    const [row] = await sql`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    expect(row?.waiting).toBe(1)
  })
  await erasure`commit`
  erasure.release()

  expect(await appointed).toBe(false)
  expect(await db.select({ role: owners.role }).from(owners).where(eq(owners.id, id))).toEqual([
    { role: "user" },
  ])
  await Promise.all([sql.end(), other.end()])
})
