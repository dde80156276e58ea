import {
  connect,
  createTestDatabase,
  runOnServer,
  runsPgBouncerTests,
  startPgBouncer,
} from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { client, newApiKey, newSession, newUser, storeUser } from "../../test/openTestDatabase.ts"
import {
  createApiKey,
  createDatabase,
  createSession,
  createUser,
  findLiveSessions,
  findUserByEmail,
  findVerifiableApiKeys,
  listApiKeys,
  rotateSession,
  sessionCredential,
} from "../index.ts"

/** Defaults that an operator, a provider or another product may have set, all at once. */
const HOSTILE = {
  default_transaction_deferrable: "on",
  statement_timeout: "100ms",
  lock_timeout: "100ms",
  idle_in_transaction_session_timeout: "100ms",
  standard_conforming_strings: "off",
  bytea_output: "escape",
  DateStyle: "German, DMY",
  IntervalStyle: "sql_standard",
  TimeZone: "Asia/Kathmandu",
  extra_float_digits: "-15",
  client_min_messages: "error",
  synchronous_commit: "off",
  plan_cache_mode: "force_generic_plan",
  row_security: "off",
  search_path: "other",
  array_nulls: "off",
}

async function openHostile(isolation: string, behindPgBouncer: boolean) {
  const server = await createTestDatabase(inject("postgresUrl"))
  const admin = connect(server.url)
  const name = new URL(server.url).pathname.slice(1)
  for (const [setting, value] of Object.entries({ ...HOSTILE, default_transaction_isolation: isolation })) {
    await admin.unsafe(`alter database ${name} set ${setting} = '${value}'`)
  }
  await admin.end()
  const pooler = behindPgBouncer ? await startPgBouncer(server.url) : null
  return {
    url: pooler?.url ?? server.url,
    async [Symbol.asyncDispose]() {
      await pooler?.[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.each([
  ["repeatable read", false],
  ["serializable", false],
  ["repeatable read", true],
])(
  "a database with hostile defaults and isolation %s, behind PgBouncer: %s",
  (isolation, behindPgBouncer) => {
    test.runIf(!behindPgBouncer || runsPgBouncerTests())(
      "migrates, signs in and enforces limits under concurrent calls",
      async () => {
        await using server = await openHostile(isolation, behindPgBouncer)
        const databases = await Promise.all(Array.from({ length: 15 }, () => createDatabase(server.url)))
        await Promise.all(databases.map(({ migrate }) => migrate()))
        const [first] = databases
        if (!first) throw new TypeError("no database")
        const { db } = first

        const { user, userId, session } = await storeUser(db)
        const by = sessionCredential({ userId, sessionId: session.id })
        const loggedIn = await Promise.all(
          Array.from({ length: 8 }, () =>
            createSession(db, { userId, checkedHash: "hash", session: newSession(), client }),
          ),
        )
        expect(new Set(loggedIn)).toEqual(new Set([true]))

        const created = await Promise.all(
          Array.from({ length: 8 }, () => createApiKey(db, { by, maxKeys: 5, apiKey: newApiKey(), client })),
        )
        expect(created.filter((result) => result !== "ended" && result.status === "created")).toHaveLength(5)

        const listed = await listApiKeys(db, { ownerId: userId, limit: 10, after: null })
        expect(listed).toHaveLength(5)
        for (const { createdAt } of listed) {
          expect(Math.abs(Date.now() - createdAt.getTime())).toBeLessThan(60_000)
        }
        const apiKey = newApiKey({ label: "\\' or 1 = 1 --" })
        await createApiKey(db, { by, maxKeys: 10, apiKey, client })
        const [row] = await findVerifiableApiKeys(db, { lookupIds: [apiKey.lookupId] })
        expect(row).toMatchObject({ id: apiKey.id, owner: { email: user.email } })
        expect(Buffer.from(row?.receipt ?? [])).toEqual(Buffer.from(apiKey.receipt))
        expect(await findLiveSessions(db, { ids: [session.id] })).toHaveLength(1)

        const params = { ...session, nextTurnHashes: [newSession().turnHash] as const, client }
        const rotated = await Promise.all(Array.from({ length: 8 }, () => rotateSession(db, params)))
        expect(rotated.filter((result) => result !== null)).toHaveLength(1)

        const many = Array.from({ length: 8 }, newUser)
        await Promise.all(many.map((params) => createUser(db, params)))
        for (const { email } of many) expect(await findUserByEmail(db, { email })).not.toBeNull()
        await Promise.all(databases.map(({ close }) => close()))
      },
    )
  },
)

test("a database whose statements time out after a millisecond can be migrated", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  await runOnServer(
    server.url,
    `alter database ${new URL(server.url).pathname.slice(1)} set statement_timeout = 1`,
  )
  const { migrate, pendingMigrations, close } = await createDatabase(server.url)

  await migrate()

  expect(await pendingMigrations()).toEqual([])
  await close()
})
