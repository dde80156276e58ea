import { auditEvents } from "@latchkey/db/schema"
import { eq } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, withApiKey } from "../../test/createTestAuth.ts"
import { asHost, newKeyInput, newSubject, trusted, useOwners } from "../../test/useOwners.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

describe.each(["PostgreSQL", "embedded"] as const)("owners without an own account on %s", (kind) => {
  const on = useOwners(kind)

  test("are rejected everywhere from the next call once disabled, whatever their credential", async () => {
    const subject = newSubject()
    const headers = asHost({ subject })
    const { key } = await on.createKey(headers)
    const by = await on.administrator()

    await on.here.admin.users.disable(by, { issuer: "host", subject }, client)

    const rejected = { caller: null, problem: "invalid", cause: "ownerDisabled" }
    expect(await on.there.authenticate(headers)).toEqual(rejected)
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject(rejected)
    await on.here.admin.users.enable(by, { id: ownerIdOf({ issuer: "host", subject }) }, client)
    expect(await on.there.authenticate(headers)).toMatchObject({ caller: { via: "host" } })
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })
  })

  test("can be disabled before they are first seen; enabling an owner without a row writes nothing", async () => {
    const [seen, unseen] = [newSubject(), newSubject()]
    const by = await on.administrator()

    await on.here.admin.users.disable(by, { issuer: trusted.issuer, subject: seen }, client)
    await on.here.admin.users.enable(by, { issuer: trusted.issuer, subject: unseen }, client)

    expect(await on.there.authenticate(trusted.bearer({ subject: seen }))).toMatchObject({ caller: null })
    expect(await on.there.authenticate(trusted.bearer({ subject: unseen }))).toMatchObject({ caller: {} })
    expect(await on.rowsOf(unseen)).toEqual([])
    const [event] = await on.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.ownerId, ownerIdOf({ issuer: trusted.issuer, subject: seen })))
    expect(event).toMatchObject({ kind: "userDisabled", via: "host", actor: "operations" })
  })

  test.each([
    { issuer: "https://evil.example.com", subject: "org_42" },
    { issuer: "host", subject: "a\nb" },
  ])("%j can't be disabled", async (user) => {
    const disabled = on.here.admin.users.disable(await on.administrator(), user, client)
    await expect(disabled).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("if an owner is disabled while their first key is created, that key is not accepted", async () => {
    const by = await on.administrator()
    for (let round = 0; round < 20; round++) {
      const subject = newSubject()
      const caller = await on.callerOf(asHost({ subject }))
      const [created] = await Promise.allSettled([
        on.here.apiKeys.create(caller, newKeyInput, client),
        on.there.admin.users.disable(by, { issuer: "host", subject }, client),
      ])
      if (created.status === "fulfilled") {
        expect(await on.here.authenticate(withApiKey(created.value.key))).toMatchObject({ caller: null })
      } else {
        expect(created.reason).toMatchObject({ reason: "UNAUTHENTICATED" })
      }
      expect(await on.rowsOf(subject)).toMatchObject([{ disabledAt: expect.any(Date) }])
    }
  })

  test("administrators without a row who disable each other concurrently can't all succeed", async () => {
    for (let round = 0; round < 5; round++) {
      const subjects = [newSubject(), newSubject(), newSubject()]
      const admins = await Promise.all(
        subjects.map(async (subject) =>
          on.here.administratorOf(await on.callerOf(asHost({ subject, role: "admin" }))),
        ),
      )
      const results = await Promise.allSettled(
        admins.map((by, index) => {
          const subject = subjects[(index + 1) % subjects.length] ?? ""
          return (index === 1 ? on.there : on.here).admin.users.disable(
            by,
            { issuer: "host", subject },
            client,
          )
        }),
      )
      const refused = results.filter(({ status }) => status === "rejected")
      expect(refused.length).toBeGreaterThan(0)
      for (const result of refused) expect(result).toMatchObject({ reason: { reason: "UNAUTHENTICATED" } })
    }
  })

  test("subjects named by configuration can administer with a JWT, but never with a key", async () => {
    const subject = newSubject()
    const auth = on.open({ adminSubjects: [{ issuer: trusted.issuer, subject }] })
    const headers = trusted.bearer({ subject })
    const { key } = await on.createKey(headers, auth)

    const by = auth.administratorOf(await on.callerOf(headers, auth))
    await auth.admin.users.disable(by, { issuer: "host", subject: newSubject() }, client)

    const forbidden = expect.objectContaining({ reason: "FORBIDDEN" })
    const byKey = await on.callerOf(withApiKey(key), auth)
    expect(() => auth.administratorOf(byKey)).toThrow(forbidden)
    const elsewhere = await on.callerOf(headers)
    expect(() => on.here.administratorOf(elsewhere)).toThrow(forbidden)
    const own = auth.admin.users.disable(by, { issuer: trusted.issuer, subject }, client)
    await expect(own).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })

  test("300 disabled subjects are rejected by the other instance from the next call", async () => {
    const by = await on.administrator()
    const subjects = Array.from({ length: kind === "embedded" ? 100 : 300 }, newSubject)
    let accepted = 0
    async function work() {
      for (let subject = subjects.pop(); subject !== undefined; subject = subjects.pop()) {
        const headers = trusted.bearer({ subject })
        if (!(await on.there.authenticate(headers)).caller) throw new TypeError("rejected too early")
        await on.here.admin.users.disable(by, { issuer: trusted.issuer, subject }, client)
        if ((await on.there.authenticate(headers)).caller) accepted++
      }
    }
    await Promise.all(Array.from({ length: 4 }, work))
    expect(accepted).toBe(0)
  })
})
