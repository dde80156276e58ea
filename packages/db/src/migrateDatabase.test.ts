import { readdir } from "node:fs/promises"
import { createTestDatabase } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createDatabase } from "./index.ts"

test("ten instances migrate an empty database at once", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const databases = await Promise.all(Array.from({ length: 10 }, () => createDatabase(server.url)))

  await Promise.all(databases.map((database) => database.migrate()))

  const applied = await databases[0]?.db.execute(sql`select count(*)::int as n from latchkey_migrations`)
  const files = await readdir(new URL("../migrations", import.meta.url))
  expect(applied).toEqual([{ n: files.filter((file) => file.endsWith(".sql")).length }])
  await Promise.all(databases.map((database) => database.close()))
})
