import { randomBytes } from "node:crypto"
import { eventually } from "@latchkey/test-postgres"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  isLive,
  newApiKey,
  newSession,
  type OpenTestDatabase,
  openTestDatabase,
  storeApiKey,
  storeUser,
} from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  changePassword,
  countFailure,
  createApiKey,
  createDatabase,
  createSession,
  createUser,
  type Database,
  DatabaseUnavailable,
  disableUser,
  endSession,
  endSessionOfFamily,
  type ListedAuditEvent,
  listAuditEvents,
  revokeAnyonesApiKey,
  revokeApiKey,
  revokeOtherSessions,
  revokeSession,
  rotateSession,
  sessionCredential,
} from "../../index.ts"
import { owners } from "../../schema/owners.ts"

const client = { address: "203.0.113.7", requestId: "r-1", device: "Firefox on Linux" }

async function signIn(db: Database, userId: string) {
  const session = newSession()
  expect(await createSession(db, { userId, checkedHash: "hash", session, client })).toBe(true)
  return session
}

const eventsOf = (db: Database, userId: string, limit = 100) =>
  listAuditEvents(db, { ownerId: userId, limit, after: null })

const kindsOf = async (db: Database, userId: string) =>
  (await eventsOf(db, userId)).map(({ kind }) => kind).reverse()

describe.each(["PostgreSQL", "embedded"] as const)("audit events on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  test("every action is recorded with its actor, credential, client and subject", async () => {
    const ada = await storeUser(db, client)
    const { userId, session, by } = ada
    const [second, third, fourth] = [
      await signIn(db, userId),
      await signIn(db, userId),
      await signIn(db, userId),
    ]
    await signIn(db, userId)
    const [one, two] = [
      await storeApiKey(db, ada, { from: client }),
      await storeApiKey(db, ada, { from: client }),
    ]
    const admin = await storeUser(db, client)
    await db.update(owners).set({ role: "admin" }).where(eq(owners.id, admin.userId))

    await revokeSession(db, { id: second.id, by, client })
    await endSession(db, { by: sessionCredential({ userId, sessionId: third.id }), client })
    await endSessionOfFamily(db, { ...fourth, client })
    await revokeOtherSessions(db, { by, client })
    await revokeApiKey(db, { id: one.id, by: { ...by, via: "apiKey", credentialId: one.id }, client })
    const byAdmin = { ...admin.by, appointedBy: "account" } as const
    await revokeAnyonesApiKey(db, { affected: two.id, by: byAdmin, client })
    await changePassword(db, {
      by,
      checkedHash: "hash",
      newHash: "new hash",
      client,
    })
    await rotateSession(db, {
      ...session,
      turnHash: randomBytes(32),
      nextTurnHashes: [randomBytes(32)],
      client,
    })
    await disableUser(db, { affected: { id: userId }, by: byAdmin, client })

    const bySelf = { actorId: null, via: "session", credentialId: session.id }
    const byPassword = { actorId: null, via: "password", credentialId: null }
    const device = client.device
    const events = (await eventsOf(db, userId)).reverse()
    expect(events).toMatchObject([
      { kind: "registered", ...byPassword, subjectId: session.id, subjectLabel: device },
      { kind: "loggedIn", ...byPassword, subjectId: second.id },
      { kind: "loggedIn", ...byPassword, subjectId: third.id },
      { kind: "loggedIn", ...byPassword, subjectId: fourth.id },
      { kind: "loggedIn", ...byPassword },
      { kind: "apiKeyCreated", ...bySelf, subjectId: one.id, subjectLabel: "nightly import" },
      { kind: "apiKeyCreated", ...bySelf, subjectId: two.id },
      { kind: "sessionRevoked", ...bySelf, subjectId: second.id, subjectLabel: device },
      { kind: "loggedOut", via: "session", credentialId: third.id, subjectId: third.id },
      { kind: "loggedOut", via: "refreshToken", credentialId: fourth.id, subjectId: fourth.id },
      { kind: "otherSessionsRevoked", ...bySelf, subjectId: null, count: 1 },
      { kind: "apiKeyRevoked", actorId: null, via: "apiKey", credentialId: one.id, subjectId: one.id },
      { kind: "apiKeyRevoked", actorId: admin.userId, credentialId: admin.session.id, subjectId: two.id },
      { kind: "passwordChanged", ...bySelf },
      { kind: "refreshTokenReused", via: "refreshToken", credentialId: session.id, subjectId: session.id },
      { kind: "userDisabled", actorId: admin.userId, credentialId: admin.session.id },
    ])
    for (const event of events) {
      expect(event).toMatchObject(client)
      expect(event.lastAt).toBeNull()
    }
  })

  test("an action without effect leaves no event", async () => {
    const [ada, bob] = [await storeUser(db, client), await storeUser(db, client)]
    const { userId, session, user } = ada
    const apiKey = await storeApiKey(db, ada, { from: client })
    const ended = await signIn(db, userId)
    const byEnded = sessionCredential({ userId, sessionId: ended.id })
    await endSession(db, { by: byEnded, client })
    const before = [await eventsOf(db, userId), await eventsOf(db, bob.userId)]

    await createUser(db, { email: user.email, passwordHash: "hash", session: newSession(), client })
    await createSession(db, { userId, checkedHash: "another hash", session: newSession(), client })
    await createApiKey(db, { by: ada.by, maxKeys: 1, apiKey: newApiKey(), client })
    await createApiKey(db, { by: byEnded, maxKeys: 9, apiKey: newApiKey(), client })
    await revokeApiKey(db, { id: apiKey.id, by: bob.by, client })
    await revokeApiKey(db, { id: apiKey.id, by: byEnded, client })
    await revokeSession(db, { id: session.id, by: bob.by, client })
    await revokeSession(db, { id: session.id, by: byEnded, client })
    await endSession(db, { by: byEnded, client })
    await endSession(db, { by: sessionCredential({ userId: bob.userId, sessionId: session.id }), client })
    await endSessionOfFamily(db, { ...session, familyHash: randomBytes(32), client })
    await revokeOtherSessions(db, { by: ada.by, client })
    await revokeOtherSessions(db, { by: byEnded, client })
    await changePassword(db, {
      by: ada.by,
      checkedHash: "another hash",
      newHash: "new hash",
      client,
    })
    await rotateSession(db, { ...session, nextTurnHashes: [session.turnHash], client })
    await rotateSession(db, {
      ...session,
      familyHash: randomBytes(32),
      nextTurnHashes: [randomBytes(32)],
      client,
    })

    expect([await eventsOf(db, userId), await eventsOf(db, bob.userId)]).toEqual(before)
  })

  test("an action that can't be recorded is not done", async () => {
    const ada = await storeUser(db, client)
    const { userId, session, by } = ada
    const apiKey = await storeApiKey(db, ada, { from: client })
    const other = await signIn(db, userId)
    const everything = () =>
      db.execute(sql`
        select to_jsonb(owners)::text as row from owners union all
        select to_jsonb(sessions)::text from sessions union all
        select to_jsonb(api_keys)::text from api_keys union all
        select to_jsonb(audit_events)::text from audit_events order by 1`)
    const before = await everything()
    const stolen = { ...session, turnHash: randomBytes(32), nextTurnHashes: [randomBytes(32)] as const }
    const actions: Record<string, () => Promise<unknown>> = {
      register: () => storeUser(db),
      "log in": () => createSession(db, { userId, checkedHash: "hash", session: newSession(), client }),
      "fail to log in": () =>
        countFailure(db, {
          ownerId: userId,
          kind: "loginFailed",
          via: "password",
          credentialId: null,
          client,
        }),
      "reuse a refresh token": () => rotateSession(db, { ...stolen, client }),
      "log out": () => endSession(db, { by, client }),
      "log out by cookie": () => endSessionOfFamily(db, { ...session, client }),
      "end a session": () => revokeSession(db, { id: other.id, by, client }),
      "end other sessions": () => revokeOtherSessions(db, { by, client }),
      "change the password": () =>
        changePassword(db, { by, checkedHash: "hash", newHash: "new hash", client }),
      "create a key": () => createApiKey(db, { by, maxKeys: 100, apiKey: newApiKey(), client }),
      "revoke a key": () => revokeApiKey(db, { id: apiKey.id, by, client }),
    }

    await db.execute(sql`
      create function fill_disk() returns trigger language plpgsql as
      $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$`)
    await db.execute(sql`create trigger full_disk before insert on audit_trail execute function fill_disk()`)
    for (const [name, action] of Object.entries(actions)) {
      await expect(action(), name).rejects.toThrow(DatabaseUnavailable)
    }
    await db.execute(sql`drop trigger full_disk on audit_trail`)

    expect(await everything()).toEqual(before)
    for (const [name, action] of Object.entries(actions)) await expect(action(), name).resolves.not.toThrow()
  })

  test("six concurrent uses of a refresh token record one reuse", async () => {
    const { userId, session } = await storeUser(db, client)
    await Promise.all(
      Array.from({ length: 6 }, () =>
        rotateSession(db, { ...session, nextTurnHashes: [randomBytes(32)], client }),
      ),
    )
    expect(await kindsOf(db, userId)).toEqual(["registered", "refreshTokenReused"])
  })

  test("a page continues where the last one ended, despite new events, and shows one user's events", async () => {
    const [ada, bob] = [await storeUser(db, client), await storeUser(db, client)]
    const { userId } = ada
    for (let n = 0; n < 24; n++) await signIn(db, n % 2 === 0 ? userId : bob.userId)
    const all = await eventsOf(db, userId)
    expect(all).toHaveLength(13)

    const paged: ListedAuditEvent[] = []
    for (let isLast = false; !isLast; ) {
      const page = await listAuditEvents(db, { ownerId: userId, limit: 5, after: paged.at(-1) ?? null })
      paged.push(...page)
      isLast = page.length < 5
      await signIn(db, userId)
    }

    expect(paged).toEqual(all)
    expect(
      await listAuditEvents(db, { ownerId: userId, limit: 100, after: null, kind: "registered" }),
    ).toEqual(all.slice(-1))
  })
})

describe("on two instances", () => {
  let database: OpenTestDatabase
  let other: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
    other = await createDatabase(database.url)
  })
  afterAll(async () => {
    await other.close()
    await database[Symbol.asyncDispose]()
  })

  /** Waits until this many connections are waiting for a lock. */
  const untilWaiting = (connections: number) =>
    eventually(async () => {
      const waiting = await database.db
        .select({ pid: sql`pid` })
        .from(sql`pg_stat_activity`)
        .where(sql`datname = current_database() and wait_event_type = 'Lock'`)
      expect(waiting).toHaveLength(connections)
    })

  test("two concurrent revocations of a key record one event", async () => {
    const { db } = database
    const ada = await storeUser(db, client)
    const { id } = await storeApiKey(db, ada, { from: client })
    const revocation = { id, by: ada.by, client }

    const results = await Promise.all([revokeApiKey(db, revocation), revokeApiKey(other.db, revocation)])

    expect(results.sort()).toEqual(["done", "notFound"])
    expect(await kindsOf(db, ada.userId)).toEqual(["registered", "apiKeyCreated", "apiKeyRevoked"])
  })

  test("an action is invisible until its event is stored, and a connection lost before leaves neither", async () => {
    const { db } = database
    const { userId, session, by } = await storeUser(db, client)
    let ending: Promise<unknown> = Promise.resolve()

    await other.db.transaction(async (tx) => {
      await tx.execute(sql`lock table audit_events in share mode`)
      ending = endSession(db, { by, client }).catch((error: unknown) => error)
      await untilWaiting(1)
      expect(await isLive(db, session.id)).toBe(true)
      await tx.execute(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`)
      expect(await ending).toBeInstanceOf(DatabaseUnavailable)
    })

    expect(await isLive(db, session.id)).toBe(true)
    expect(await kindsOf(db, userId)).toEqual(["registered"])
  })

  test("a session can be ended and recorded while the password is being changed", async () => {
    const { db } = database
    const { userId, session, by } = await storeUser(db, client)
    const elsewhere = await signIn(db, userId)
    const change = { by, checkedHash: "hash", newHash: "new hash", client }
    let changing: Promise<unknown> = Promise.resolve()

    await other.db.transaction(async (tx) => {
      await tx.execute(sql`select from sessions where id = ${session.id} for update`)
      changing = changePassword(db, change)
      await untilWaiting(1)
      await endSessionOfFamily(db, { ...elsewhere, client })
    })

    expect(await changing).toBe("changed")
    expect(await kindsOf(db, userId)).toEqual(["registered", "loggedIn", "loggedOut", "passwordChanged"])
  })
})
