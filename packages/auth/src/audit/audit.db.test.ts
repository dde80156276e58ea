import { auditEvents } from "@latchkey/db/schema"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, signUp } from "../../test/createTestAuth.ts"
import { useAuth } from "../../test/useAuth.ts"

describe.each(["PostgreSQL", "embedded"] as const)("the audit trail on %s", (kind) => {
  const on = useAuth(kind)

  const eventsOf = async ({ userId }: { userId: string }, instance = on.auth) =>
    (await instance.audit.list({ id: userId }, { cursor: null, limit: 100 })).items

  test("records wrong passwords, but only for existing accounts", async () => {
    const { email, session } = await signUp(on.auth)
    const failed = { reason: "LOGIN_FAILED" }
    const everything = () => on.db.select({ events: sql`count(*)` }).from(auditEvents)

    for (let n = 0; n < 3; n++) {
      const guess = on.auth.accounts.login({ email, password: `wrong password ${n}` }, client)
      await expect(guess).rejects.toMatchObject(failed)
    }
    const change = { currentPassword: "not the password", newPassword: "a better password than before" }
    await expect(on.auth.accounts.changePassword(session, change, client)).rejects.toMatchObject(failed)
    const before = await everything()
    const unknown = on.auth.accounts.login({ email: `un${email}`, password: "wrong password" }, client)
    await expect(unknown).rejects.toMatchObject(failed)

    expect(await everything()).toEqual(before)
    const events = await eventsOf(session)
    expect(events.map(({ kind }) => kind)).toContain("passwordChangeFailed")
    const logins = events.filter(({ kind }) => kind === "loginFailed")
    expect(logins.reduce((sum, { count }) => sum + count, 0)).toBe(3)
    expect(logins[0]).toMatchObject({ via: "password", address: client.address, subject: null })
  })

  test("a sign-in that can't be recorded gives the same error for right, wrong and unknown credentials", async () => {
    const { email, password, session } = await signUp(on.auth)
    const before = await eventsOf(session)
    await on.db.execute(sql`alter table audit_trail rename to audit_trail_away`)
    const logins = [
      { email, password },
      { email, password: "wrong password" },
      { email: `un${email}`, password },
    ].map((credentials) => on.auth.accounts.login(credentials, client).catch((error: Error) => error.name))
    const outcomes = await Promise.all(logins)
    await on.db.execute(sql`alter table audit_trail_away rename to audit_trail`)

    expect(new Set(outcomes).size).toBe(1)
    expect(outcomes[0]).not.toBe("AuthError")
    expect(outcomes[0]).toEqual(expect.any(String))
    expect(await eventsOf(session)).toEqual(before)
    expect(await on.auth.sessions.list(session)).toHaveLength(1)
  })

  test("does not reveal an administrator's id, name, address, device or session", async () => {
    const { session, user } = await signUp(on.auth)
    const admin = await signUp(on.auth)
    await on.db.insert(auditEvents).values({
      ownerId: user.id,
      kind: "userEnabled",
      actorId: admin.user.id,
      via: "session",
      credentialId: admin.session.sessionId,
      ...client,
      device: "Firefox on Linux",
      actor: "user_7",
    })

    const [event] = await eventsOf(session)

    expect(event).toMatchObject({ kind: "userEnabled", byAdministrator: true, via: "session" })
    expect(event).toMatchObject({ address: null, device: null, credentialId: null, actor: null })
    expect(JSON.stringify(event)).not.toContain(admin.user.id)
  })
})
