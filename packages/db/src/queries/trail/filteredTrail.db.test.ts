import { randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { beforeAll, describe, expect, test } from "vitest"
import { storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import { type Database, listAuditEvents } from "../../index.ts"

const [OTHERS, PAGE] = [20_000, 10]

/** With both filters, some of the key's other events are read too. */
const MOST = 3 * PAGE

describe("a page of a trail with 20,000 other events reads only what it lists", () => {
  let db: Database
  let ownerId: string
  const apiKeyId = randomUUID()
  useTestDatabase("PostgreSQL", (opened) => {
    db = opened
  })

  /** At most 1,000 in a statement, which the driver cancels after two seconds. */
  async function store(count: number, kind: string, subjectId: string) {
    for (let first = 1; first <= count; first += 1_000) {
      await db.execute(sql`
        insert into audit_trail (owner_id, kind, via, request_id, subject_id, created_at)
        select ${ownerId}, ${kind}, 'session', 'r', ${subjectId}, now() - make_interval(secs => n)
        from generate_series(${first}::integer, ${Math.min(count, first + 999)}::integer) n`)
    }
  }

  beforeAll(async () => {
    ownerId = (await storeUser(db)).userId
    // The rare ones are in between.
    await store(OTHERS, "apiKeyUpdated", randomUUID())
    for (const kind of ["apiKeyUpdated", "apiKeyRevoked"]) await store(15, kind, apiKeyId)
    await db.execute(sql`analyze audit_events`)
  })

  /** The rows of the trail that this connection has read and not reported yet. */
  const rowsRead = async (tx: Database) => {
    const [read] = await tx
      .select({ rows: sql<number>`sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0))::integer` })
      .from(sql`pg_stat_xact_user_tables`)
      .where(sql`relname like 'audit%'`)
    return read?.rows ?? 0
  }

  /** The events of a page, and how many rows of the trail PostgreSQL reads for it. */
  const read = (filter: Partial<Parameters<typeof listAuditEvents>[1]>) =>
    db.transaction(async (tx) => {
      const before = await rowsRead(tx)
      const page = await listAuditEvents(tx, { ownerId, limit: PAGE, after: null, days: 365, ...filter })
      return { page, rows: (await rowsRead(tx)) - before }
    })

  test.each([
    ["of a kind", { kind: "apiKeyRevoked" }, PAGE],
    ["of a kind without events", { kind: "userErased" }, 0],
    ["about a key", { apiKeyId }, PAGE],
    ["about a key without events", { apiKeyId: randomUUID() }, 0],
    ["about a key, of a kind", { apiKeyId, kind: "apiKeyRevoked" }, PAGE],
    ["of any kind", {}, PAGE],
  ] as const)("%s", async (_, filter, listed) => {
    const first = await read(filter)
    expect(first.page).toHaveLength(listed)
    expect(first.rows).toBeLessThanOrEqual(MOST)
    const last = first.page.at(-1)
    if (!last) return
    const second = await read({ ...filter, after: last })
    expect(second.page.length).toBeGreaterThanOrEqual(5)
    expect(second.rows).toBeLessThanOrEqual(MOST)
    expect(second.page.map(({ id }) => id)).not.toContain(last.id)
  })
})
