import { setImmediate as turn } from "node:timers/promises"
import { sql } from "drizzle-orm"
import { expect, test } from "vitest"
import { openTestDatabase } from "../../test/openTestDatabase.ts"
import { query } from "../query.ts"

const countSlowly = query<void, unknown>((db) =>
  db.execute(sql`select count(*) from generate_series(1, 20000)`),
)

test("a long queue of queries does not block other work of the process", async () => {
  await using database = await openTestDatabase("embedded", "")
  let isDone = false
  let turns = 0
  async function countTurns() {
    while (!isDone) {
      await turn()
      turns++
    }
  }
  const counting = countTurns()

  await Promise.all(Array.from({ length: 50 }, () => countSlowly(database.db)))
  isDone = true
  await counting

  expect(turns).toBeGreaterThan(10)
})
