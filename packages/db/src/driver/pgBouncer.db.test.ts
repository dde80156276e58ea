import {
  connect,
  eventually,
  runsPgBouncerTests,
  startPgBouncer,
  type TestPgBouncer,
} from "@latchkey/test-postgres"
import postgres from "postgres"
import { describe, expect, inject, test } from "vitest"
import { createMigratedDatabase, newUser } from "../../test/openTestDatabase.ts"
import {
  createDatabase,
  createUser,
  DatabaseUnavailable,
  findLiveSessions,
  findUserByEmail,
  ping,
} from "../index.ts"
import { settingsOfQueries } from "./settings.ts"

/** Opens a migrated database behind PgBouncer, with a direct connection beside it. */
async function openBehindPgBouncer(settings?: Record<string, string>) {
  const server = await createMigratedDatabase(inject("postgresUrl"))
  const pgBouncer: TestPgBouncer = await startPgBouncer(server.url, settings)
  const database = await createDatabase(pgBouncer.url)
  const direct = connect(server.url)
  return {
    db: database.db,
    pgBouncer,
    direct,
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), direct.end()])
      await pgBouncer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.runIf(runsPgBouncerTests())("behind PgBouncer in transaction mode", () => {
  test.each([
    ["refuses settings", {}],
    [
      "ignores settings",
      { ignore_startup_parameters: "statement_timeout,idle_in_transaction_session_timeout" },
    ],
    [
      "ignores all settings",
      { ignore_startup_parameters: Object.keys(settingsOfQueries("latchkey")).join(",").toLowerCase() },
    ],
  ])("that %s, many concurrent queries share few connections", async (_, settings) => {
    await using behind = await openBehindPgBouncer(settings)
    const { db, direct } = behind
    const users = Array.from({ length: 24 }, newUser)

    await Promise.all(users.map((user) => createUser(db, user)))
    const found = await Promise.all(
      users.map(async ({ email, session }) => [
        (await findUserByEmail(db, { email }))?.user.email,
        (await findLiveSessions(db, { ids: [session.id] }))[0]?.user.email,
      ]),
    )

    expect(found).toEqual(users.map(({ email }) => [email, email]))
    const [row] = await direct`select count(*)::int as n from owners`
    expect(row?.n).toBe(24)
    const servers = await direct`
      select pid from pg_stat_activity
      where datname = current_database() and application_name = 'latchkey'`
    expect(servers.length).toBeGreaterThan(1)
    expect(servers.length).toBeLessThanOrEqual(3)
  })

  test("a statement that waits for a lock is cancelled with its caller's deadline", async () => {
    await using behind = await openBehindPgBouncer()
    const { db, direct } = behind
    const user = newUser()

    await direct.begin(async (sql) => {
      await sql`lock table owners`
      await expect(createUser(db, user)).rejects.toThrow(DatabaseUnavailable)
      await eventually(async () => {
        const [row] = await sql`
          select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`
        expect(row?.n).toBe(0)
      })
    })

    expect(await findUserByEmail(db, user)).toBeNull()
  })

  test("a write that waited in PgBouncer's queue for too long is not done later", async () => {
    await using behind = await openBehindPgBouncer({ default_pool_size: "1" })
    const { db, pgBouncer, direct } = behind
    const other = postgres(pgBouncer.url, { max: 1, prepare: false, fetch_types: false })
    const user = newUser()

    await other.begin(async (sql) => {
      await sql.unsafe("select 1")
      await expect(createUser(db, user)).rejects.toThrow(DatabaseUnavailable)
    })

    await eventually(() => ping(db, undefined))
    expect(await direct`select id from owners`).toEqual([])
    await other.end()
  })

  test("queries are unavailable while PgBouncer restarts, and recover by themselves", async () => {
    await using behind = await openBehindPgBouncer()
    const { db, pgBouncer } = behind
    const user = newUser()
    await createUser(db, user)

    await pgBouncer.stop()
    for (let attempt = 0; attempt < 30; attempt++) {
      await expect(findUserByEmail(db, user)).rejects.toThrow(DatabaseUnavailable)
    }
    await pgBouncer.start()

    await eventually(() => ping(db, undefined))
    expect(await findUserByEmail(db, user)).not.toBeNull()
  })
})
