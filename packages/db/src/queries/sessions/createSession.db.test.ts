import { randomBytes, randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, isLive, newSession, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  changePassword,
  createSession,
  createUser,
  type Database,
  endSession,
  listAuditEvents,
  listSessions,
  rotateSession,
  sessionCredential,
} from "../../index.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { MAX_LIVE_SESSIONS } from "./openSession.ts"

describe.each(["PostgreSQL", "embedded"] as const)("sessions on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  /** `rotateSession` with the bytes as a `Buffer`, which the embedded database does not return. */
  const rotate = async (params: Parameters<typeof rotateSession>[1]) => {
    const rotated = await rotateSession(db, params)
    return rotated && { ...rotated, turnHash: Buffer.from(rotated.turnHash) }
  }

  test("six concurrent registrations of an email create one account", async () => {
    const email = `${randomUUID()}@example.com`
    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        createUser(db, { email, passwordHash: "hash", session: newSession(), client }),
      ),
    )
    expect(results.filter((user) => user !== null)).toHaveLength(1)
  })

  test("a sign-in beyond the maximum ends the least recently used sessions", async () => {
    const { user, session: first } = await storeUser(db)
    await db.execute(sql`
      insert into sessions (user_id, family_hash, turn_hash, expires_at, refreshed_at)
      select ${user.id}, '', '', now() + interval '1 day', now() + interval '1 minute'
      from generate_series(1, ${MAX_LIVE_SESSIONS}::int)`)
    const session = newSession()

    expect(await createSession(db, { userId: user.id, checkedHash: "hash", session, client })).toBe(true)

    expect(await listSessions(db, { userId: user.id, limit: 2_000 })).toHaveLength(MAX_LIVE_SESSIONS)
    expect(await isLive(db, session.id)).toBe(true)
    expect(await isLive(db, first.id)).toBe(false)
    const events = await listAuditEvents(db, { ownerId: user.id, limit: 10, after: null })
    expect(events.map(({ kind, count, via }) => ({ kind, count, via }))).toEqual([
      { kind: "loggedIn", count: 1, via: "password" },
      { kind: "oldestSessionsEnded", count: 2, via: "password" },
      { kind: "registered", count: 1, via: "password" },
    ])
  })

  test("the newest refresh token is replaced by the next, and an older one ends the session", async () => {
    const { user, session } = await storeUser(db)
    const [second, third] = [randomBytes(32), randomBytes(32)]

    expect(await rotate({ ...session, nextTurnHashes: [second], client })).toEqual({
      user,
      turnHash: second,
    })
    expect(await rotate({ ...session, turnHash: second, nextTurnHashes: [third], client })).toEqual({
      user,
      turnHash: third,
    })
    expect(await isLive(db, session.id)).toBe(true)

    expect(
      await rotate({ ...session, turnHash: second, nextTurnHashes: [randomBytes(32)], client }),
    ).toBeNull()
    expect(await isLive(db, session.id)).toBe(false)
    expect(
      await rotate({ ...session, turnHash: third, nextTurnHashes: [randomBytes(32)], client }),
    ).toBeNull()
  })

  test("within the leeway there is one rotation, and the replaced token is accepted as well", async () => {
    const { user, session } = await storeUser(db)
    const [second, third, leeway] = [randomBytes(32), randomBytes(32), 30]
    const first = { ...session, nextTurnHashes: [second] as const, leeway, client }
    const next = { ...session, turnHash: second, nextTurnHashes: [third] as const, leeway, client }
    const later = () =>
      db
        .update(sessions)
        .set({ refreshedAt: sql`now() - interval '31 s'` })
        .where(sql`${sessions.id} = ${session.id}`)

    expect(await rotate(first)).toEqual({ user, turnHash: session.turnHash })
    await later()
    expect(await rotate(first)).toEqual({ user, turnHash: second })
    expect(await rotate(next)).toEqual({ user, turnHash: second })
    expect(await rotate(first)).toEqual({ user, turnHash: second })
    await later()
    expect(await rotate(next)).toEqual({ user, turnHash: third })
    expect(await isLive(db, session.id)).toBe(true)

    expect(await rotate(first)).toBeNull()
    expect(await isLive(db, session.id)).toBe(false)
  })

  test("the leeway of a rotation ends although the clock was set back since, as by a failover", async () => {
    const { user, session } = await storeUser(db)
    const [second, third, leeway] = [randomBytes(32), randomBytes(32), 30]
    const next = { ...session, turnHash: second, nextTurnHashes: [third] as const, leeway, client }
    await rotate({ ...session, nextTurnHashes: [second], client })
    await db
      .update(sessions)
      .set({ refreshedAt: sql`now() + interval '1 hour'` })
      .where(sql`${sessions.id} = ${session.id}`)

    expect(await rotate(next)).toEqual({ user, turnHash: third })
    await db
      .update(sessions)
      .set({ refreshedAt: sql`now() + interval '1 hour'` })
      .where(sql`${sessions.id} = ${session.id}`)
    expect(await rotate(next)).toBeNull()
    expect(await isLive(db, session.id)).toBe(false)
  })

  test("within the leeway a repeated token is accepted, whichever of its successors was stored", async () => {
    const { user, session } = await storeUser(db)
    const [elsewhere, here, leeway] = [randomBytes(32), randomBytes(32), 30]
    await rotate({ ...session, nextTurnHashes: [elsewhere], client })

    expect(await rotate({ ...session, nextTurnHashes: [here, elsewhere], leeway, client })).toEqual({
      user,
      turnHash: elsewhere,
    })
    expect(await rotate({ ...session, nextTurnHashes: [here], leeway, client })).toBeNull()
  })

  test("a token without the family's secret can't end the session", async () => {
    const { session } = await storeUser(db)
    const guess = {
      ...session,
      familyHash: randomBytes(32),
      nextTurnHashes: [randomBytes(32)] as const,
      client,
    }

    expect(await rotateSession(db, guess)).toBeNull()
    expect(await isLive(db, session.id)).toBe(true)
  })

  test("one of six concurrent rotations of a token succeeds, and the session ends", async () => {
    const { session } = await storeUser(db)

    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        rotateSession(db, { ...session, nextTurnHashes: [randomBytes(32)], client }),
      ),
    )

    expect(results.filter((user) => user !== null)).toHaveLength(1)
    expect(await isLive(db, session.id)).toBe(false)
  })

  test("a session expires at a fixed time, and refreshing does not extend it", async () => {
    const { session } = await storeUser(db)
    await rotateSession(db, { ...session, nextTurnHashes: [session.turnHash], client })
    const [row] = await db.select().from(sessions).where(sql`${sessions.id} = ${session.id}`)
    expect(row && row.expiresAt.getTime() - row.createdAt.getTime()).toBe(60_000)

    await db
      .update(sessions)
      .set({ expiresAt: sql`now() - interval '1 ms'` })
      .where(sql`${sessions.id} = ${session.id}`)
    expect(await isLive(db, session.id)).toBe(false)
    expect(await rotateSession(db, { ...session, nextTurnHashes: [randomBytes(32)], client })).toBeNull()
  })

  test("a disabled user's sessions are not live and can't be refreshed", async () => {
    const { user, session } = await storeUser(db)
    await db.update(owners).set({ disabledAt: sql`now()` }).where(sql`${owners.id} = ${user.id}`)

    expect(await isLive(db, session.id)).toBe(false)
    expect(await rotateSession(db, { ...session, nextTurnHashes: [randomBytes(32)], client })).toBeNull()
  })

  test("a user can end only their own sessions", async () => {
    const [ada, bob] = [await storeUser(db), await storeUser(db)]

    const stolen = sessionCredential({ userId: bob.userId, sessionId: ada.session.id })
    expect(await endSession(db, { by: stolen, client })).toBe("ended")
    expect(await isLive(db, ada.session.id)).toBe(true)
    expect(await endSession(db, { by: ada.by, client })).toBe("done")
    expect(await isLive(db, ada.session.id)).toBe(false)
  })

  test("a password change ends the other sessions, and refuses a sign-in that checked the old password", async () => {
    const { user, session, by } = await storeUser(db)
    const other = newSession()
    await createSession(db, { userId: user.id, checkedHash: "hash", session: other, client })
    const change = { by, checkedHash: "hash", newHash: "new hash", client }

    const byNone = sessionCredential({ userId: user.id, sessionId: randomUUID() })
    expect(await changePassword(db, { ...change, by: byNone })).toBe("ended")
    expect(await changePassword(db, change)).toBe("changed")
    expect(await changePassword(db, change)).toBe("otherPassword")

    expect(await isLive(db, session.id)).toBe(true)
    expect(await isLive(db, other.id)).toBe(false)
    const late = newSession()
    expect(await createSession(db, { userId: user.id, checkedHash: "hash", session: late, client })).toBe(
      false,
    )
    expect(await isLive(db, late.id)).toBe(false)
  })
})
