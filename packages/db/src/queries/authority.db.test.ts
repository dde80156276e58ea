import { randomBytes } from "node:crypto"
import { eq } from "drizzle-orm"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import {
  client,
  newApiKey,
  newSession,
  type OpenTestDatabase,
  openTestDatabase,
  storeApiKey,
  storeUser,
} from "../../test/openTestDatabase.ts"
import type { DatabaseHandle } from "../database.ts"
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
} from "../index.ts"
import { sessions, users } from "../schema.ts"

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
  const keys = await listApiKeys(db, { userId, limit: 100, after: null })
  return { email: user.email, userId, sessions: own, keyIds: keys.map(({ id }) => id) }
}

test("concurrent changes by and to the same users never deadlock", async () => {
  const people = [await crowdedUser(), await crowdedUser(), await crowdedUser()]
  const emails = people.map(({ email }) => email)

  /** Restores what others have ended, so that there is always something to end. */
  async function revive(userId: string) {
    await database.db.transaction(async (tx) => {
      await tx.update(users).set({ disabledAt: null, role: "admin" }).where(eq(users.id, userId))
      await tx.update(sessions).set({ endedAt: null }).where(eq(sessions.userId, userId))
    })
  }

  async function act() {
    const db = pick([database.db, other.db])
    const [one, another] = [pick(people), pick(people)]
    const session = pick(one.sessions)
    const by = sessionCredential({ userId: one.userId, sessionId: session.id })
    const byAdmin = { adminId: one.userId, sessionId: session.id }
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
          by: { userId: one.userId, via: "apiKey", credentialId: keyId },
          client,
        }),
      () => revokeAnyonesApiKey(db, { id: pick(another.keyIds), by: byAdmin, client }),
      () => disableUser(db, { id: another.userId, by: byAdmin, client }),
      () => enableUser(db, { id: another.userId, by: byAdmin, client }),
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
