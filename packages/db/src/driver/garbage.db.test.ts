import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { createTestDatabase } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createDatabase } from "../index.ts"

const ROWS = 16
const CHARACTERS = 1_000
const READS = 500

setFlagsFromString("--expose-gc")
const collect: (options: { type: "major" | "minor" }) => void = runInNewContext("gc")
setFlagsFromString("--no-expose-gc")

test("unreferenced rows do not survive a minor garbage collection", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const database = await createDatabase(server.url)
  const large = sql<string>`repeat(i::text, ${sql.raw(`${CHARACTERS}`)})`
  const rows = database.db
    .select({ large })
    .from(sql`generate_series(1, ${sql.raw(`${ROWS}`)}) as i`)
    .prepare("large_rows")

  try {
    await rows.execute()
    collect({ type: "major" })
    const before = getHeapStatistics().used_heap_size
    for (let i = 0; i < READS; i++) await rows.execute()
    collect({ type: "minor" })

    const read = READS * ROWS * CHARACTERS
    expect(getHeapStatistics().used_heap_size - before).toBeLessThan(read / 2)
  } finally {
    await database.close()
  }
})
