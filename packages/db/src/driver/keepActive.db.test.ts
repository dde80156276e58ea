import { eventually } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, test } from "vitest"
import { openDatabase } from "../../test/openPool.ts"
import { lockChanges, lockLog, tryLockCompaction } from "../index.ts"

test("a long transaction that only waits stays active, and ends within 20 s if its process is stopped", async () => {
  await using database = await openDatabase()
  const { direct, runLong } = database

  await runLong(async (tx) => {
    await lockLog(tx)
    await lockChanges(tx)
    await tryLockCompaction(tx)
    const [own] = await tx
      .select({
        pid: sql<number>`pg_backend_pid()`,
        idleLimit: sql<string>`current_setting('idle_in_transaction_session_timeout')`,
      })
      .from(sql`(values (1)) as one`)
    expect(own?.idleLimit).toBe("20s")
    const lastActive = async () =>
      (await direct`select state_change from pg_stat_activity where pid = ${own?.pid ?? 0}`)[0]?.state_change
    const before = await lastActive()
    await eventually(async () => expect(await lastActive()).not.toEqual(before))
  })
})
