import { connect, eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { createMigratedDatabase } from "../../../test/createMigratedDatabase.ts"
import { createDatabase, deleteOldChanges } from "../../index.ts"

async function open() {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  const direct = connect(database.url)
  return {
    direct,
    /** Deletes over a connection of its own, whose end makes PostgreSQL's statistics current. */
    async deleteOld(params: { days: number; limit: number }) {
      const { db, close } = await createDatabase(database.url)
      try {
        return await deleteOldChanges(db, params)
      } finally {
        await close()
      }
    },
    async [Symbol.asyncDispose]() {
      await direct.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

test("deletes old changes in the order of their positions, but none that the restore log may lack", async () => {
  await using database = await open()
  const { direct, deleteOld } = database
  await direct`
    insert into authority_changes (position, subject_id, kind, created_at)
    select n, gen_random_uuid(), 'key', now() - make_interval(days => 4 - n) from generate_series(1, 4) n`
  await direct`update authority set position = 4, logged_to = 2, deployment_id = gen_random_uuid()`
  const positions = async () =>
    (await direct`select position::int from authority_changes order by 1`).map(({ position }) => position)

  expect(await deleteOld({ days: 1, limit: 10 })).toBe(1)
  expect(await positions()).toEqual([2, 3, 4])
  await direct`update authority set deployment_id = null`
  expect(await deleteOld({ days: 1, limit: 1 })).toBe(1)
  expect(await deleteOld({ days: 1, limit: 10 })).toBe(1)
  expect(await positions()).toEqual([4])
  expect(await direct`select deleted_to::int from authority`).toEqual([{ deleted_to: 3 }])
})

test("finds the old changes without reading the new ones, however many there are", async () => {
  await using database = await open()
  const { direct, deleteOld } = database
  await direct`
    insert into authority_changes (position, subject_id, kind, created_at)
    select n, gen_random_uuid(), 'key', case when n <= 5 then now() - interval '2 days' else now() end
    from generate_series(1, 20000) n`
  await direct`analyze authority_changes`
  const read = async () => {
    const [row] = await direct`
      select (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_user_tables where relname = 'authority_changes'`
    return row?.rows as number
  }
  const before = await read()
  expect(await deleteOld({ days: 1, limit: 100 })).toBe(5)
  await eventually(async () => expect(await read()).toBeGreaterThan(before))
  expect((await read()) - before).toBeLessThan(1_000)
})
