import { randomUUID } from "node:crypto"
import { auditEvents, apiKeys as keysTable, users } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import bcrypt from "bcrypt"
import { eq } from "drizzle-orm"
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest"
import {
  bearer,
  client,
  createTestAuth,
  gate,
  newSecret,
  signUp,
  withApiKey,
} from "../../test/createTestAuth.ts"
import type { Auth } from "../createAuth.ts"
import { adminSessionOf } from "../identities/adminSession.ts"

const rejected = { caller: null, problem: "invalid" }

describe.each(["PostgreSQL", "embedded"] as const)("user administration on %s", (kind) => {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  /** Two instances of the service. */
  let here: Auth
  let there: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    here = createTestAuth(database.db, { secrets })
    there = createTestAuth(database.db, { secrets })
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(() => database[Symbol.asyncDispose]())

  async function signUpAdmin() {
    const admin = await signUp(here)
    await database.db.update(users).set({ role: "admin" }).where(eq(users.id, admin.user.id))
    const { caller } = await here.authenticate(admin.headers)
    if (!caller) throw new TypeError("not signed in")
    return { ...admin, by: adminSessionOf(caller) }
  }

  const createKey = (user: { session: { userId: string; sessionId: string } }, on = here) =>
    on.apiKeys.create(user.session, { label: "nightly import", expiresAt: null }, client)

  /** Holds the next bcrypt open until `goOn` is called. */
  function holdBcrypt(name: "compare" | "hash") {
    const { promise: resumed, resolve: goOn } = gate()
    const { promise: begun, resolve: begin } = gate()
    const original = bcrypt[name].bind(bcrypt) as (...args: unknown[]) => Promise<never>
    vi.spyOn(bcrypt, name).mockImplementationOnce(async (...args: unknown[]) => {
      begin()
      await resumed
      return original(...args)
    })
    return { begun, goOn }
  }

  test("a user disabled on one instance is rejected by the other from the next call, with any credential", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { id, key } = await createKey(user)
    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await there.authenticate(user.headers)).toMatchObject({ caller: { via: "jwt" } })

    await here.admin.users.disable(admin.by, user.user, client)

    expect(await there.authenticate(withApiKey(key))).toEqual(rejected)
    expect(await there.authenticate(user.headers)).toEqual(rejected)
    await expect(there.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(there.accounts.login(user, client)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
    await expect(createKey(user, there)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  })

  test("an enabled user has to sign in again, and their keys work as before", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { id, key } = await createKey(user)
    await here.admin.users.disable(admin.by, user.user, client)

    await here.admin.users.enable(admin.by, user.user, client)

    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await there.authenticate(user.headers)).toEqual(rejected)
    await expect(there.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    const { accessToken } = await there.accounts.login(user, client)
    expect(await here.authenticate(bearer(accessToken))).toMatchObject({ caller: { user: user.user } })
  })

  test("a key is rejected and gets no receipt if its owner is disabled while its bcrypt runs", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { id, key } = await createKey(user)
    await database.db
      .update(keysTable)
      .set({ receipt: null, receiptSecretId: null })
      .where(eq(keysTable.id, id))
    const { begun, goOn } = holdBcrypt("compare")

    const verdict = there.authenticate(withApiKey(key))
    await begun
    await here.admin.users.disable(admin.by, user.user, client)
    goOn()

    expect(await verdict).toEqual(rejected)
    const [row] = await database.db.select().from(keysTable).where(eq(keysTable.id, id))
    expect(row?.receipt).toBeNull()
  })

  test("a sign-in fails if the user is disabled while it is in flight", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { begun, goOn } = holdBcrypt("compare")

    const signIn = there.accounts.login(user, client).catch((error) => error)
    await begun
    await here.admin.users.disable(admin.by, user.user, client)
    goOn()

    expect(await signIn).toMatchObject({ reason: "LOGIN_FAILED" })
  })

  test("no key is created if the owner is disabled while it is being hashed", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { begun, goOn } = holdBcrypt("hash")

    const created = createKey(user, there).catch((error) => error)
    await begun
    await here.admin.users.disable(admin.by, user.user, client)
    goOn()

    expect(await created).toMatchObject({ reason: "UNAUTHENTICATED" })
    const { items } = await here.admin.apiKeys.list({
      cursor: null,
      limit: 1,
      status: "all",
      userId: user.user.id,
      search: "",
    })
    expect(items).toEqual([])
  })

  test("disabling a user during a refresh ends the session, whichever is first", async () => {
    const admin = await signUpAdmin()
    for (let round = 0; round < 5; round++) {
      const user = await signUp(here)
      const [refreshed] = await Promise.allSettled([
        there.accounts.refresh(user, client),
        here.admin.users.disable(admin.by, user.user, client),
      ])
      expect(await there.authenticate(user.headers)).toEqual(rejected)
      if (refreshed.status === "rejected") continue
      expect(await there.authenticate(bearer(refreshed.value.accessToken))).toEqual(rejected)
      const again = there.accounts.refresh(refreshed.value, client)
      await expect(again).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    }
  })

  test("administrators who disable each other concurrently can't all succeed", async () => {
    for (let round = 0; round < 5; round++) {
      const [ada, bob, eve] = [await signUpAdmin(), await signUpAdmin(), await signUpAdmin()]
      const results = await Promise.allSettled([
        here.admin.users.disable(ada.by, bob.user, client),
        there.admin.users.disable(bob.by, eve.user, client),
        here.admin.users.disable(eve.by, ada.user, client),
      ])
      const refused = results.filter(({ status }) => status === "rejected")
      expect(refused.length).toBeGreaterThan(0)
      for (const result of refused) expect(result).toMatchObject({ reason: { reason: "UNAUTHENTICATED" } })
      const left = await Promise.all([ada, bob, eve].map(({ headers }) => there.authenticate(headers)))
      expect(left.filter(({ caller }) => caller).length).toBe(refused.length)
    }
  })

  test("administrators can't disable themselves or unknown users", async () => {
    const admin = await signUpAdmin()
    await expect(here.admin.users.disable(admin.by, admin.user, client)).rejects.toMatchObject({
      reason: "FORBIDDEN",
    })
    for (const id of [randomUUID(), "no id", "\0"]) {
      for (const act of [here.admin.users.disable, here.admin.users.enable]) {
        await expect(act(admin.by, { id }, client)).rejects.toMatchObject({ reason: "NOT_FOUND" })
      }
    }
    expect(await here.authenticate(admin.headers)).toMatchObject({ caller: { via: "jwt" } })
  })

  test("a former administrator can't change anything", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { id, key } = await createKey(user)
    await database.db.update(users).set({ role: "user" }).where(eq(users.id, admin.user.id))

    for (const attempt of [
      () => here.admin.users.disable(admin.by, user.user, client),
      () => here.admin.users.enable(admin.by, user.user, client),
      () => here.admin.apiKeys.revoke(admin.by, { id }, client),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ reason: "FORBIDDEN" })
    }
    expect(await here.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
  })

  test("each action is recorded once in the user's audit trail, with its actor, even if it is repeated", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { id } = await createKey(user)
    await here.admin.apiKeys.revoke(admin.by, { id }, client)
    for (let n = 0; n < 2; n++) await here.admin.users.disable(admin.by, user.user, client)
    for (let n = 0; n < 2; n++) await here.admin.users.enable(admin.by, user.user, client)

    const events = await database.db.select().from(auditEvents).where(eq(auditEvents.userId, user.user.id))

    const byAdmin = events.filter(({ actorId }) => actorId !== null)
    expect(byAdmin.map(({ kind }) => kind).sort()).toEqual(["apiKeyRevoked", "userDisabled", "userEnabled"])
    for (const event of byAdmin) {
      expect(event).toMatchObject({ actorId: admin.by.adminId, credentialId: admin.by.sessionId })
      expect(event).toMatchObject({ via: "session", requestId: client.requestId })
    }
    expect(byAdmin.find(({ kind }) => kind === "apiKeyRevoked")?.subjectId).toBe(id)
  })

  test("neither an administrator's API key nor another user's access token can administer", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { key } = await createKey(admin)
    const { caller } = await here.authenticate(withApiKey(key))
    if (!caller) throw new TypeError("not authenticated")
    expect(caller.user.role).toBe("admin")
    expect(() => adminSessionOf(caller)).toThrow(expect.objectContaining({ reason: "FORBIDDEN" }))
    expect(() => adminSessionOf(user.caller)).toThrow(expect.objectContaining({ reason: "FORBIDDEN" }))
  })

  test("registering one of `adminEmails`, in any case, makes an administrator", async () => {
    const email = `${randomUUID()}@example.com`
    const auth = createTestAuth(database.db, { adminEmails: [email] })
    const password = "a good long password"
    const { user } = await auth.accounts.register({ email: email.toUpperCase(), password }, client)
    expect(user).toMatchObject({ email, role: "admin" })
    expect((await signUp(auth)).user.role).toBe("user")
  })
})

describe.each(["PostgreSQL", "embedded"] as const)("the list of users on %s", (kind) => {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = createTestAuth(database.db)
    const emails = ["ada@x.example", "adam@x.example", "ab_c@x.example", "abbc@x.example", "a%c@x.example"]
    const rows = [...emails, "a\\c@x.example"].map((email) => ({ email, passwordHash: "hash" }))
    // One statement, so all rows have the same creation time.
    await database.db.insert(users).values(rows)
    await database.db.update(users).set({ disabledAt: new Date() }).where(eq(users.email, "adam@x.example"))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const list = (input: Partial<Parameters<Auth["admin"]["users"]["list"]>[0]> = {}) =>
    auth.admin.users.list({ cursor: null, limit: 50, status: "all", search: "", ...input })
  const emailsOf = async (...args: Parameters<typeof list>) =>
    (await list(...args)).items.map(({ email }) => email.split("@")[0]).sort()

  test("searches by a prefix of the email, without wildcards", async () => {
    expect(await emailsOf({ search: "ADA" })).toEqual(["ada", "adam"])
    expect(await emailsOf({ search: "ada@x.example" })).toEqual(["ada"])
    expect(await emailsOf({ search: "ab_" })).toEqual(["ab_c"])
    expect(await emailsOf({ search: "a%" })).toEqual(["a%c"])
    expect(await emailsOf({ search: "a\\" })).toEqual(["a\\c"])
    expect(await emailsOf({ search: "%" })).toEqual([])
    expect(await emailsOf({ search: "da" })).toEqual([])
    expect(await emailsOf({ search: "'; drop table users; --" })).toEqual([])
  })

  test("shows the enabled users, the disabled ones, or all", async () => {
    expect(await emailsOf({ status: "disabled" })).toEqual(["adam"])
    expect(await emailsOf({ status: "enabled", search: "ad" })).toEqual(["ada"])
    expect(await emailsOf()).toHaveLength(6)
  })

  test("has pages without gaps or duplicates, even if users register meanwhile", async () => {
    const before = (await list()).items.map(({ id }) => id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await list({ limit: 2, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
      await signUp(auth)
    } while (cursor)
    expect(seen).toEqual(before)

    const found: string[] = []
    do {
      const page = await list({ limit: 2, cursor, search: "a" })
      found.push(
        ...page.items.map(({ email }) => email.split("@")[0] ?? "").filter((name) => name.length < 5),
      )
      cursor = page.nextCursor
    } while (cursor)
    expect(found).toEqual(["a%c", "a\\c", "ab_c", "abbc", "ada", "adam"])
    await expect(list({ cursor: "made up" })).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("has the number of a user's active keys, but no password hash", async () => {
    const user = await signUp(auth)
    const keys = []
    for (let n = 0; n < 3; n++) {
      keys.push(await auth.apiKeys.create(user.session, { label: "x", expiresAt: null }, client))
    }
    await auth.apiKeys.revoke(user.caller, { id: keys[0]?.id ?? "" }, client)
    await database.db
      .update(keysTable)
      .set({ expiresAt: new Date() })
      .where(eq(keysTable.id, keys[1]?.id ?? ""))

    const { items } = await list({ search: user.email })

    expect(items).toEqual([{ ...user.user, disabledAt: null, activeKeys: 1 }])
  })
})
