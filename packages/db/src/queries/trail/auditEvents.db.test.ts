import { randomBytes } from "node:crypto"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { newApiKey, newSession, storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { client, eventsOf, kindsOf, signIn } from "../../../test/trailOf.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  changePassword,
  countFailure,
  createApiKey,
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
