import { createDatabase, DatabaseUnavailable, simulateOutage } from "@latchkey/db"
import { apiKeys, authority, leases, sessions } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { and, eq, isNotNull, sql } from "drizzle-orm"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest"
import type { Auth } from "../src/createAuth.ts"
import { bearer, client, createTestAuth, newSecret, signUp, withApiKey } from "./createTestAuth.ts"

const secrets = { current: newSecret() }
const scopes = ["reports:read", "reports:write"]
/** Longer than a loaded machine may pause. Few tests wait until a lease has ended. */
const VERIFY_LEASE = { seconds: 4, cache: true }
/** Milliseconds in which a key can be created and used once. */
const SOON = 4_000

let database: OpenTestDatabase
beforeAll(async () => {
  database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
})
afterAll(() => database[Symbol.asyncDispose]())

/** An instance with its own connections, which counts its statements. */
async function startInstance(verifyLease: { seconds: number; cache: boolean } | null) {
  let queries = 0
  const handle = await createDatabase(database.url, { onQuery: () => queries++ })
  const auth = createTestAuth(handle.db, { secrets, scopes, verifyLease })
  return {
    auth,
    outage: simulateOutage(handle.db),
    queries: () => queries,
    verify: async (key: string) => (await auth.authenticate(withApiKey(key), { ...client })).caller,
    async close() {
      await auth.close()
      await handle.close()
    },
  }
}

type Instance = Awaited<ReturnType<typeof startInstance>>

let [writer, holder]: Instance[] = []
const instances = () => {
  if (!writer || !holder) throw new TypeError("not started")
  return { writer, holder }
}

async function newKey(auth: Auth) {
  const user = await signUp(auth)
  return {
    ...user,
    ...(await auth.apiKeys.create(user.caller, { label: "nightly import" }, client)),
  }
}

describe.each([
  ["an instance without leases", null],
  ["an instance with leases", VERIFY_LEASE],
])("changes at %s", (_, verifyLease) => {
  beforeEach(async () => {
    writer = await startInstance(verifyLease)
    holder = await startInstance(VERIFY_LEASE)
  })
  afterEach(async () => {
    await Promise.all([writer?.close(), holder?.close()])
  })

  /** Verifies a key until its row is in memory. */
  async function remember(key: string) {
    const { holder } = instances()
    await holder.verify(key)
    const before = holder.queries()
    for (let attempt = 0; attempt < 20; attempt++) expect(await holder.verify(key)).not.toBeNull()
    // Lease renewals may have run queries too.
    expect(holder.queries() - before).toBeLessThan(10)
  }

  type Key = Awaited<ReturnType<typeof newKey>>

  test.each<[string, (auth: Auth, key: Key) => Promise<unknown>]>([
    ["revoked", (auth, { caller, id }) => auth.apiKeys.revoke(caller, { id }, client)],
    ["disabled", (auth, { caller, id }) => auth.apiKeys.update(caller, { id, disabled: true }, client)],
    [
      "bound to other addresses",
      (auth, { caller, id }) => auth.apiKeys.update(caller, { id, allowedIps: ["198.51.100.0/24"] }, client),
    ],
    [
      "rotated without grace",
      (auth, { caller, id }) => auth.apiKeys.rotate(caller, { id, grace: 0 }, client),
    ],
  ])("a key that was %s is rejected elsewhere as soon as the call has been answered", async (_, takeAway) => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    await takeAway(writer.auth, key)
    expect(await holder.verify(key.key)).toBeNull()
  })

  test("narrowed scopes apply elsewhere as soon as the call has been answered", async () => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    await writer.auth.apiKeys.update(key.caller, { id: key.id, scopes: ["reports:read"] }, client)
    expect((await holder.verify(key.key))?.scopes).toEqual(["reports:read"])
  })

  test("a session is rejected elsewhere as soon as signing out has been answered", async () => {
    const { writer, holder } = instances()
    const { accessToken, session } = await signUp(writer.auth)
    const verify = async () => (await holder.auth.authenticate(bearer(accessToken))).caller
    await verify()
    expect(await verify()).not.toBeNull()
    await writer.auth.accounts.logout(session, client)
    expect(await verify()).toBeNull()
  })

  test("a repeated revocation is not answered any earlier", async () => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    const revoke = () => writer.auth.apiKeys.revoke(key.caller, { id: key.id }, client)
    const answers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const answer = await revoke().then(
          () => "done",
          (error) => error.reason,
        )
        expect(await holder.verify(key.key)).toBeNull()
        return answer
      }),
    )
    expect(answers.toSorted()).toEqual(["NOT_FOUND", "NOT_FOUND", "done"])
  })

  test("a repeated rotation that finds the key revoked is not answered any earlier", async () => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    holder.outage(true)
    const rotate = () => writer.auth.apiKeys.rotate(key.caller, { id: key.id, grace: 0 }, client)
    const first = rotate()
    const isRevoked = () =>
      database.db.$count(apiKeys, and(eq(apiKeys.id, key.id), isNotNull(apiKeys.revokedAt)))
    await expect.poll(isRevoked).toBe(1)
    await expect(rotate()).rejects.toMatchObject({ reason: "NOT_FOUND" })
    await expect(holder.verify(key.key)).rejects.toThrow(DatabaseUnavailable)
    await first
    holder.outage(false)
  })

  test("SQL run by hand takes effect within the length of a lease", async () => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    await database.db
      .update(apiKeys)
      .set({ revokedAt: sql`now()`, keyHash: null, receipt: null })
      .where(eq(apiKeys.id, key.id))
    await expect.poll(() => holder.verify(key.key)).toBeNull()
  })

  test("a revocation waits for an instance that hangs, which holds no lease afterwards", async () => {
    const { writer, holder } = instances()
    const key = await newKey(writer.auth)
    await remember(key.key)
    holder.outage(true)
    expect(await holder.verify(key.key)).not.toBeNull()
    await writer.auth.apiKeys.revoke(key.caller, { id: key.id }, client)
    await expect(holder.verify(key.key)).rejects.toThrow(DatabaseUnavailable)
    holder.outage(false)
    expect(await holder.verify(key.key)).toBeNull()
  })
})

test("without the cache, a verdict still takes a lease, and stopping gives it up", async () => {
  const before = await database.db.$count(leases)
  const instance = await startInstance({ ...VERIFY_LEASE, cache: false })
  const { key } = await newKey(instance.auth)
  expect(await instance.verify(key)).not.toBeNull()
  expect(await database.db.$count(leases)).toBe(before + 1)
  await instance.close()
  expect(await database.db.$count(leases)).toBe(before)
})

test("a key is not accepted after it has expired, not even from memory", async () => {
  const instance = await startInstance(VERIFY_LEASE)
  const { caller } = await signUp(instance.auth)
  const expiresAt = new Date(Date.now() + SOON)
  const { key } = await instance.auth.apiKeys.create(caller, { label: "nightly import", expiresAt }, client)
  expect(await instance.verify(key)).not.toBeNull()
  await expect.poll(() => instance.verify(key)).toBeNull()
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime())
  await instance.close()
})

test("a release that does not wait for leases can't take rights away while there are leases", async () => {
  const instance = await startInstance(VERIFY_LEASE)
  const { id, key } = await newKey(instance.auth)
  await instance.verify(key)
  const asEarlier = database.db.transaction(async (tx) => {
    await tx.execute(sql`
      select set_config('latchkey.waits_for_leases', '', true), set_config('lock_timeout', '2s', true),
        set_config('idle_in_transaction_session_timeout', '10s', true)`)
    await tx.update(apiKeys).set({ label: "renamed" }).where(eq(apiKeys.id, id))
    await tx.execute(sql`set constraints all immediate`)
  })
  await expect(asEarlier).rejects.toMatchObject({ cause: { code: "55000" } })
  await instance.close()
})

test("refreshing a session does not make instances read it again", async () => {
  const instance = await startInstance(VERIFY_LEASE)
  const { accessToken, session } = await signUp(instance.auth)
  const verify = async () => (await instance.auth.authenticate(bearer(accessToken))).caller
  await verify()
  const before = instance.queries()
  await database.db
    .update(sessions)
    .set({ refreshedAt: sql`now()`, expiresAt: sql`${sessions.expiresAt} + interval '1 minute'` })
    .where(eq(sessions.id, session.sessionId))
  await verify()
  expect(instance.queries() - before).toBeLessThan(3)
  await instance.close()
})

test("a key that was revoked after an older backup was restored is not accepted from memory", async () => {
  const instance = await startInstance(VERIFY_LEASE)
  const { id, key } = await newKey(instance.auth)
  for (const _ of [1, 2]) expect(await instance.verify(key)).not.toBeNull()
  await database.db.transaction(async (tx) => {
    // As after the restore of a backup with the instance's former token, and with as many changes since as the database
    // had before.
    await tx.execute(sql`set local session_replication_role = replica`)
    await tx.update(leases).set({ token: sql`gen_random_uuid()` })
    await tx.execute(sql`delete from authority_changes`)
    await tx.execute(sql`
      insert into authority_changes (position, subject_id, kind) select position, ${id}, 'key' from authority`)
    await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()`, keyHash: null, receipt: null })
      .where(eq(apiKeys.id, id))
  })
  await expect.poll(() => instance.verify(key), { interval: 250 }).toBeNull()
  await instance.close()
})

test("an instance that was overlooked when the leases were ended by hand rejects keys that are revoked afterwards", async () => {
  const [writer, holder] = [await startInstance(null), await startInstance(VERIFY_LEASE)]
  const { id, key, caller } = await newKey(writer.auth)
  for (const _ of [1, 2]) expect(await holder.verify(key)).not.toBeNull()
  await database.db.update(authority).set({ longestLease: 0 })
  await writer.auth.apiKeys.revoke(caller, { id }, client)
  await expect.poll(() => holder.verify(key), { interval: 250, timeout: 60_000 }).toBeNull()
  await Promise.all([writer.close(), holder.close()])
})

test("an instance that was overlooked when the leases were ended by hand forgets all rows, even if another one takes the first new lease", async () => {
  const [writer, overlooked] = [await startInstance(null), await startInstance(VERIFY_LEASE)]
  const { id, key, caller } = await newKey(writer.auth)
  for (const _ of [1, 2]) expect(await overlooked.verify(key)).not.toBeNull()
  overlooked.outage(true)
  await database.db.update(authority).set({ longestLease: 0 })
  await writer.auth.apiKeys.revoke(caller, { id }, client)
  const other = await startInstance(VERIFY_LEASE)
  expect(await other.verify(key)).toBeNull()
  overlooked.outage(false)
  await expect.poll(() => overlooked.verify(key), { interval: 250, timeout: 60_000 }).toBeNull()
  await Promise.all([writer.close(), overlooked.close(), other.close()])
})
