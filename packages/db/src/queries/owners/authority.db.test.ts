import { randomBytes, randomUUID } from "node:crypto"
import { eventually, gate } from "@latchkey/test-postgres"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import {
  client,
  newApiKey,
  newSession,
  type OpenTestDatabase,
  openTestDatabase,
  storeApiKey,
  storeUser,
} from "../../../test/openTestDatabase.ts"
import type { DatabaseHandle } from "../../database.ts"
import {
  changePassword,
  createApiKey,
  createDatabase,
  createSession,
  disableUser,
  enableUser,
  endSession,
  endSessionOfFamily,
  listApiKeys,
  revokeAnyonesApiKey,
  revokeApiKey,
  revokeOtherSessions,
  revokeSession,
  rotateSession,
  sessionCredential,
  syncAdmins,
  touchApiKeys,
} from "../../index.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import {
  type ActingCredential,
  type ByAdmin,
  ensureOwner,
  withAdminAuthority,
  withAuthority,
} from "./authority.ts"

let database: OpenTestDatabase
/** A second instance. */
let other: DatabaseHandle
beforeAll(async () => {
  database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  other = await createDatabase(database.url)
})
afterAll(async () => {
  await other.close()
  await database[Symbol.asyncDispose]()
})

const SESSIONS_EACH = 6
const KEYS_EACH = 6
/** The number of concurrent changes, which is no more than there are connections. */
const WORKERS = 8
const ROUNDS = 60

const pick = <T>(items: readonly T[]): T => {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new TypeError("nothing to pick from")
  return item
}

const codesOf = (error: unknown): unknown[] =>
  error instanceof Error ? ["code" in error && error.code, ...codesOf(error.cause)] : []

/** A user with several sessions and keys. */
async function crowdedUser() {
  const { db } = database
  const { user, userId, session, by } = await storeUser(db)
  const own = [session]
  while (own.length < SESSIONS_EACH) {
    const next = newSession()
    await createSession(db, { userId, checkedHash: "hash", session: next, client })
    own.push(next)
  }
  for (let made = 0; made < KEYS_EACH; made++) {
    await storeApiKey(db, { by })
  }
  const keys = await listApiKeys(db, { ownerId: userId, limit: 100, after: null })
  return { email: user.email, userId, sessions: own, keyIds: keys.map(({ id }) => id) }
}

/** An owner without an own account, who has no row yet. */
function newExternalOwner() {
  const id = randomUUID()
  return { id, issuer: "host", subject: `org ${id}` }
}

const byHost = (owner = newExternalOwner()): ActingCredential => ({ owner, via: "host" })
const byHostAdmin = (owner = newExternalOwner()): ByAdmin => ({ owner, via: "host", appointedBy: "host" })

const findOwner = async (id: string) =>
  (await database.db.select().from(owners).where(eq(owners.id, id)))[0] ?? null

const untilWaitingForOwner = () =>
  eventually(async () => {
    const waiting = sql`select from pg_locks where locktype = 'advisory' and not granted`
    expect(await database.db.execute(waiting)).toHaveLength(1)
  })

test("an owner without a row can't be disabled while a change on their behalf is in progress", async () => {
  const by = byHost()
  const [begun, resumed] = [gate(), gate()]
  const change = withAuthority(database.db, by, async (tx) => {
    begun.open()
    await resumed.opened
    await ensureOwner(tx, by.owner)
    return (await tx.select({ at: owners.disabledAt }).from(owners).where(eq(owners.id, by.owner.id)))[0]?.at
  })
  await begun.opened

  const disabled = disableUser(other.db, { affected: by.owner, by: byHostAdmin(), client })
  await untilWaitingForOwner()
  resumed.open()

  expect(await change).toBeNull()
  expect(await disabled).toBe("done")
  expect(await findOwner(by.owner.id)).toMatchObject({ disabledAt: expect.any(Date) })
})

test("a change on behalf of an owner waits while they are disabled for the first time, and is then refused", async () => {
  const by = byHost()
  const [begun, resumed] = [gate(), gate()]
  const affected = by.owner
  const disabled = withAdminAuthority(database.db, { by: byHostAdmin(), affected }, async (tx) => {
    begun.open()
    await resumed.opened
    await ensureOwner(tx, affected)
    await tx.update(owners).set({ disabledAt: sql`now()` }).where(eq(owners.id, affected.id))
  })
  await begun.opened

  const created = createApiKey(other.db, { by, maxKeys: 1, apiKey: newApiKey(), client })
  await untilWaitingForOwner()
  resumed.open()

  await disabled
  expect(await created).toBe("ended")
  expect(await listApiKeys(database.db, { ownerId: affected.id, limit: 1, after: null })).toEqual([])
})

test("a token that has expired by the time of a change changes nothing", async () => {
  const owner = newExternalOwner()
  const by: ActingCredential = { owner, via: "accessToken", endsAt: new Date() }

  const apiKey = newApiKey()
  expect(await createApiKey(database.db, { by, maxKeys: 1, apiKey, client })).toBe("ended")
  expect(await findOwner(owner.id)).toBeNull()
})

test("concurrent changes by and to the same users never deadlock", async () => {
  const externals = [newExternalOwner(), newExternalOwner(), newExternalOwner()]
  const people = [await crowdedUser(), await crowdedUser(), await crowdedUser()]
  const emails = people.map(({ email }) => email)

  /** Restores what others have ended, so that there is always something to end. */
  async function revive(userId: string, role: "admin" | "user" = "admin") {
    await database.db.transaction(async (tx) => {
      await tx.update(owners).set({ disabledAt: null, role }).where(eq(owners.id, userId))
      await tx.update(sessions).set({ endedAt: null }).where(eq(sessions.userId, userId))
    })
  }

  async function act() {
    const db = pick([database.db, other.db])
    const [one, another] = [pick(people), pick(people)]
    const session = pick(one.sessions)
    const by = sessionCredential({ userId: one.userId, sessionId: session.id })
    const byAdmin = { ...by, appointedBy: "account" } as const
    const keyId = pick(one.keyIds)
    const passwords = { checkedHash: "hash", newHash: "hash" }
    await pick<() => Promise<unknown>>([
      () => endSession(db, { by, client }),
      () => endSessionOfFamily(db, { ...session, client }),
      () => revokeSession(db, { id: pick(one.sessions).id, by, client }),
      () => revokeOtherSessions(db, { by, client }),
      () => changePassword(db, { by, ...passwords, client }),
      () => createSession(db, { userId: one.userId, checkedHash: "hash", session: newSession(), client }),
      () => rotateSession(db, { ...session, nextTurnHashes: [randomBytes(32)], client }),
      () => createApiKey(db, { by, maxKeys: 1_000, apiKey: newApiKey(), client }),
      () => revokeApiKey(db, { id: keyId, by, client }),
      () =>
        revokeApiKey(db, {
          id: keyId,
          by: { ...by, via: "apiKey", credentialId: keyId },
          client,
        }),
      () => revokeAnyonesApiKey(db, { affected: pick(another.keyIds), by: byAdmin, client }),
      () => disableUser(db, { affected: { id: another.userId }, by: byAdmin, client }),
      () => enableUser(db, { affected: { id: another.userId }, by: byAdmin, client }),
      () => createApiKey(db, { by: byHost(pick(externals)), maxKeys: 1_000, apiKey: newApiKey(), client }),
      () => disableUser(db, { affected: pick(externals), by: byAdmin, client }),
      () => enableUser(db, { affected: { id: pick(externals).id }, by: byAdmin, client }),
      () => disableUser(db, { affected: pick(externals), by: byHostAdmin(pick(externals)), client }),
      () => enableUser(db, { affected: { id: another.userId }, by: byHostAdmin(pick(externals)), client }),
      () => disableUser(db, { affected: { id: another.userId }, by: byHostAdmin(pick(externals)), client }),
      () => revive(pick(externals).id, "user"),
      () => touchApiKeys(db, { ids: [...one.keyIds, ...another.keyIds] }),
      () => syncAdmins(db, { emails: emails.slice(0, 2 + Math.round(Math.random())) }),
      () => revive(one.userId),
      () => revive(one.userId),
    ])()
  }

  const failures: unknown[] = []
  async function work() {
    for (let round = 0; round < ROUNDS; round++) {
      await act().catch((error: unknown) => {
        // On a busy machine, a change that waits for many others may time out, which is no deadlock.
        if (!codesOf(error).includes("57014")) failures.push(error)
      })
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))

  expect(failures).toEqual([])
})
