import { randomUUID } from "node:crypto"
import { eraseUser, findUnfinishedErasures } from "@latchkey/db"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, signUp } from "../../test/createTestAuth.ts"
import { useErasure } from "../../test/useErasure.ts"
import { useOwners } from "../../test/useOwners.ts"
import { createSweeper } from "../sweeper.ts"

describe.each(["PostgreSQL", "embedded"] as const)("erasing users on %s", (kind) => {
  const on = useOwners(kind)
  const { keysOf, readEverything, signUpAdmin } = useErasure(on)

  test("that were interrupted are finished by the sweeper", async () => {
    const onError = (error: unknown) => {
      throw error
    }
    const sweepers = [1, 2].map(() => createSweeper(on.db, { auditRetentionDays: 365, onError }))
    // Afterwards, no sweeper waits until the other has made a month.
    await sweepers[0]?.sweep()
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const mark = randomUUID()
    await on.db.execute(sql`
      insert into audit_events (owner_id, kind, via, request_id, address)
      select ${user.user.id}, 'loggedIn', 'password', n::text, ${mark} from generate_series(1, 2500) as n`)
    await on.db.execute(sql`
      insert into sessions (user_id, family_hash, turn_hash, device, expires_at)
      select ${user.user.id}, '\\x00', '\\x00', ${mark}, now() from generate_series(1, 1500) as n`)
    await on.db.execute(sql`
      insert into api_keys (owner_id, lookup_id, key_hash, label, created_by)
      select ${user.user.id}, lpad(to_hex(n), 16, '0'), 'hash', ${mark}, 'import' from generate_series(1, 1500) as n`)

    // As if the process had crashed after the first transaction.
    await eraseUser(on.db, { affected: user.user, by: admin.by, adminEmails: [], client })
    expect(await on.there.authenticate(user.headers)).toMatchObject({ caller: null })
    expect(await readEverything()).toContain(mark)
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([user.user.id])

    await Promise.all(sweepers.map((sweeper) => sweeper.sweep()))
    await Promise.all(sweepers.map((sweeper) => sweeper.close()))

    expect(await readEverything()).not.toContain(mark)
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([])
    const keys = await keysOf(user.user.id)
    expect(keys.every(({ keyHash, revokedAt }) => keyHash === null && revokedAt !== null)).toBe(true)
    expect(keys).toHaveLength(1_500)
  })

  test("that can't be finished don't make others wait", async () => {
    const admin = await signUpAdmin()
    const users = await Promise.all([signUp(on.here), signUp(on.here)])
    for (const { user } of users) {
      await on.db.execute(sql`
        insert into audit_events (owner_id, kind, via, request_id, address)
        select ${user.id}, 'loggedIn', 'password', n::text, '192.0.2.1' from generate_series(1, 1500) as n`)
      await eraseUser(on.db, { affected: user, by: admin.by, adminEmails: [], client })
    }
    const [stuck = "", next] = await findUnfinishedErasures(on.db, { limit: 10 })
    await on.db.execute(sql`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'stuck'; end $$`)
    await on.db.execute(
      sql.raw(`create trigger refuse before update on owners for each row
        when (old.id = '${stuck}') execute function refuse()`),
    )

    const errors: unknown[] = []
    const sweeper = createSweeper(on.db, { auditRetentionDays: 365, onError: (error) => errors.push(error) })
    await sweeper.sweep()
    expect(next).toBeDefined()
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([stuck])
    expect(errors).toHaveLength(1)

    await on.db.execute(sql`drop trigger refuse on owners`)
    await sweeper.sweep()
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([])
    await sweeper.close()
  })
})
