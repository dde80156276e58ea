import { createTestDatabase } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createDatabase } from "./index.ts"

test("ten instances migrate an empty database at once", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const databases = await Promise.all(Array.from({ length: 10 }, () => createDatabase(server.url)))

  await Promise.all(databases.map((database) => database.migrate()))

  const applied = await databases[0]?.db.execute(sql`select count(*)::int as n from latchkey_migrations`)
  expect(applied).toEqual([{ n: 1 }])
  await Promise.all(databases.map((database) => database.close()))
})
