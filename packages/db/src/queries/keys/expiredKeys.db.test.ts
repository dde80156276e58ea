import { sql } from "drizzle-orm"
import { beforeAll, describe, expect, test } from "vitest"
import { client, newApiKey, storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import { createApiKey, type Database, findUsageOfOwner, rotateApiKey } from "../../index.ts"

const [EXPIRED, ACTIVE] = [2_000, 10]

/** For a call, which reads some rows more than once. */
const MOST = 5 * ACTIVE

describe("an owner with 2,000 expired keys", () => {
  let db: Database
  let owner: Awaited<ReturnType<typeof storeUser>>
  let id: string
  useTestDatabase("PostgreSQL", (opened) => {
    db = opened
  })

  beforeAll(async () => {
    owner = await storeUser(db)
    await db.execute(sql`
      insert into api_keys (owner_id, lookup_id, key_hash, label, created_by, expires_at, created_at)
      select ${owner.userId}, lpad(to_hex(n), 16, '0'), 'x', 'expired', 'x', now() - interval '1 day',
        now() + make_interval(secs => n)
      from generate_series(1, ${EXPIRED}::integer) n`)
    for (let n = 0; n < ACTIVE; n++) id = (await storeApiKey(db, owner)).id
    await db.execute(sql`analyze api_keys`)
  })

  /** The rows of keys that this connection has read and not reported yet. */
  const rowsRead = async (tx: Database) => {
    const [read] = await tx
      .select({ rows: sql<number>`(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0))::integer` })
      .from(sql`pg_stat_xact_user_tables`)
      .where(sql`relname = 'api_keys'`)
    return read?.rows ?? 0
  }

  test.each([
    [
      "is told that they have reached the limit of keys",
      (tx: Database) => createApiKey(tx, { by: owner.by, maxKeys: ACTIVE, apiKey: newApiKey(), client }),
      { status: "limitReached" },
    ],
    [
      "creates a key",
      (tx: Database) => createApiKey(tx, { by: owner.by, maxKeys: ACTIVE + 1, apiKey: newApiKey(), client }),
      { status: "created" },
    ],
    [
      "rotates a key",
      (tx: Database) =>
        rotateApiKey(tx, {
          ...{ id, by: owner.by, grace: 60, client, successor: newApiKey() },
          decide: ({ expiresAt, scopes }) => ({ differing: { expiresAt, scopes } }),
        }),
      { apiKey: { replaces: expect.any(String) } },
    ],
    [
      "reads the usage of all keys",
      (tx: Database) => findUsageOfOwner(tx, { ownerId: owner.userId, days: 30, limit: 100 }),
      { keys: [] },
    ],
  ] as const)("%s, and PostgreSQL reads few rows for it", async (_, call, result) => {
    await db.transaction(async (tx) => {
      const before = await rowsRead(tx)
      // The call's transaction is this one, whose connection counts.
      const same = Object.create(tx, { transaction: { value: (run: typeof call) => run(tx) } })
      expect(await call(same)).toMatchObject(result)
      expect((await rowsRead(tx)) - before).toBeLessThanOrEqual(MOST)
    })
  })
})
