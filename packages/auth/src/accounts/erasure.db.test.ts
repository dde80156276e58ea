import { randomUUID } from "node:crypto"
import { owners, sessions } from "@latchkey/db/schema"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { useErasure } from "../../test/useErasure.ts"
import { newKeyInput, useOwners } from "../../test/useOwners.ts"

describe.each(["PostgreSQL", "embedded"] as const)("erasing users on %s", (kind) => {
  const on = useOwners(kind)
  const { rowOf, keysOf, trailOf, readEverything, signUpAdmin } = useErasure(on)

  test("end every credential on all instances from the next call, and nothing brings the user back", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const { key } = await on.createKey(user.headers)
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })

    await on.here.admin.users.erase(admin.by, user.user, client)

    const rejected = { caller: null, problem: "invalid" }
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject(rejected)
    expect(await on.there.authenticate(user.headers)).toMatchObject(rejected)
    await expect(on.there.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(on.there.accounts.login(user, client)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
    const enabled = on.here.admin.users.enable(admin.by, user.user, client)
    await expect(enabled).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect(await on.there.authenticate(user.headers)).toMatchObject(rejected)
  })

  test("leave no personal data in any table, except the identity of the administrator", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const mark = randomUUID()
    const theirs = { ...client, address: `192.0.2.77 ${mark}`, device: `Browser ${mark}` }
    const { id } = await on.here.apiKeys.create(
      user.caller,
      { label: `Ada's ${mark}`, expiresAt: null, scopes: null, allowedIps: ["198.51.100.7/32"] },
      theirs,
    )
    await on.here.apiKeys.update(user.caller, { id, label: `Ada's other ${mark}` }, theirs)
    await on.here.accounts.login(user, theirs)
    await on.here.accounts.login({ ...user, password: "wrong" }, theirs).catch(() => {})
    const actor = `lovelace ${mark}`
    await on.here.apiKeys.create({ ...user.caller, actor }, { ...newKeyInput, label: mark }, theirs)
    expect((await readEverything()).split(mark).length).toBeGreaterThan(10)

    await on.here.admin.users.erase(admin.by, user.user, { ...client, address: "203.0.113.9" })

    const left = await readEverything()
    for (const personal of [mark, user.email, "198.51.100.7"]) expect(left).not.toContain(personal)
    expect(await on.db.select().from(sessions).where(eq(sessions.userId, user.user.id))).toEqual([])
    expect(await rowOf(user.user.id)).toMatchObject({
      ...{ email: null, passwordHash: null, role: "user", subject: user.user.id },
      ...{ erasedAt: expect.any(Date), disabledAt: expect.any(Date), strippedAt: expect.any(Date) },
    })
    for (const row of await keysOf(user.user.id)) {
      expect(row).toMatchObject({ revokedAt: expect.any(Date), keyHash: null, receipt: null, metadata: null })
      expect(row).toMatchObject({ label: "", allowedIps: null, createdBy: user.user.id })
    }
    const trail = await trailOf(user.user.id)
    expect(trail.map((event) => event.kind)).toContain("loginFailed")
    expect(trail.filter((event) => event.kind === "userErased")).toMatchObject([
      { actorId: admin.user.id, via: "session", address: "203.0.113.9" },
    ])
  })

  test("remove an erased administrator's address and name from events about others", async () => {
    const [admin, former, user] = [await signUpAdmin(), await signUpAdmin(), await signUp(on.here)]
    const address = `192.0.2.88 ${randomUUID()}`
    await on.here.admin.users.disable(former.by, user.user, { ...client, address })

    await on.here.admin.users.erase(admin.by, former.user, client)

    expect(await readEverything()).not.toContain(address)
    const disabled = (await trailOf(user.user.id)).find((event) => event.kind === "userDisabled")
    expect(disabled).toMatchObject({ actorId: former.user.id, address: null, device: null, actor: null })
    const acted = on.here.admin.users.enable(former.by, user.user, client)
    await expect(acted).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  })

  test("free the email for a new user, and remove the user from lists", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    await on.createKey(user.headers)
    await on.here.admin.users.erase(admin.by, user.user, client)

    const { user: next } = await on.here.accounts.register(user, client)

    expect(next.id).not.toBe(user.user.id)
    expect(await on.there.authenticate(user.headers)).toMatchObject({ caller: null })
    const { items } = await on.here.admin.users.list({ cursor: null, limit: 100, status: "all", search: "" })
    const ids = items.map(({ id }) => id)
    expect([ids.includes(user.user.id), ids.includes(next.id)]).toEqual([false, true])
    const page = { cursor: null, limit: 100, status: "all", userId: user.user.id, search: "" } as const
    expect((await on.here.admin.apiKeys.list(page)).items).toEqual([])
  })

  test("change nothing when they are repeated, and also work for disabled users", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    await on.here.admin.users.disable(admin.by, user.user, client)
    const disabledAt = (await rowOf(user.user.id))?.disabledAt
    await on.here.admin.users.erase(admin.by, user.user, client)
    const erased = await rowOf(user.user.id)
    expect(erased?.disabledAt).toEqual(disabledAt)

    await on.there.admin.users.erase(admin.by, user.user, client)
    await on.there.admin.users.disable(admin.by, user.user, client)

    expect(await rowOf(user.user.id)).toEqual(erased)
    const kinds = (await trailOf(user.user.id)).map((event) => event.kind)
    expect(kinds.filter((kind) => kind === "userErased")).toHaveLength(1)
  })

  test("need an administrator, who can't erase themselves, and an existing user", async () => {
    const [admin, former, user] = [await signUpAdmin(), await signUpAdmin(), await signUp(on.here)]
    const { erase } = on.here.admin.users
    await expect(erase(admin.by, admin.user, client)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    const own = { issuer: "latchkey", subject: randomUUID() }
    for (const unknown of [{ id: randomUUID() }, { id: "no id" }, own]) {
      await expect(erase(admin.by, unknown, client)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    }
    await expect(on.here.admin.users.disable(admin.by, own, client)).rejects.toMatchObject({
      reason: "NOT_FOUND",
    })
    await on.db.update(owners).set({ role: "user" }).where(eq(owners.id, former.user.id))
    await expect(erase(former.by, user.user, client)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    expect(await on.here.authenticate(user.headers)).toMatchObject({ caller: { via: "jwt" } })
  })

  test("of the last administrator by role make the oldest remaining user an administrator", async () => {
    const oldest = await on.db
      .select()
      .from(owners)
      .where(sql`erased_at is null and issuer = 'latchkey'`)
      .orderBy(owners.createdAt, owners.id)
      .limit(2)
    const [first, second] = oldest
    if (!first || !second) throw new TypeError("no users")
    await on.here.admin.users.erase(await on.administrator(), { id: first.id }, client)
    await on.db.update(owners).set({ role: "user" })
    await on.open({ adminEmails: null }).syncAdmins()
    const admins = await on.db.select({ id: owners.id }).from(owners).where(eq(owners.role, "admin"))
    expect(admins).toEqual([{ id: second.id }])
  })
})
