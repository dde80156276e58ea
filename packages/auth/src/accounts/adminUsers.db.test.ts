import { randomUUID } from "node:crypto"
import { auditEvents, apiKeys as keysTable, owners } from "@latchkey/db/schema"
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
import type { Caller } from "../identities/caller.ts"

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
    await database.db.update(owners).set({ role: "admin" }).where(eq(owners.id, admin.user.id))
    const { caller } = await here.authenticate(admin.headers)
    if (!caller) throw new TypeError("not signed in")
    return { ...admin, by: here.administratorOf(caller) }
  }

  const createKey = (user: { caller: Caller }, on = here) =>
    on.apiKeys.create(user.caller, { label: "nightly import", expiresAt: null, scopes: null }, client)

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

    expect(await there.authenticate(withApiKey(key))).toMatchObject(rejected)
    expect(await there.authenticate(user.headers)).toMatchObject(rejected)
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
    expect(await there.authenticate(user.headers)).toMatchObject(rejected)
    await expect(there.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    const { accessToken } = await there.accounts.login(user, client)
    expect(await here.authenticate(bearer(accessToken))).toMatchObject({ caller: { owner: user.user } })
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

    expect(await verdict).toMatchObject(rejected)
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
      expect(await there.authenticate(user.headers)).toMatchObject(rejected)
      if (refreshed.status === "rejected") continue
      expect(await there.authenticate(bearer(refreshed.value.accessToken))).toMatchObject(rejected)
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
    await database.db.update(owners).set({ role: "user" }).where(eq(owners.id, admin.user.id))

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

    const events = await database.db.select().from(auditEvents).where(eq(auditEvents.ownerId, user.user.id))

    const byAdmin = events.filter(({ actorId }) => actorId !== null)
    expect(byAdmin.map(({ kind }) => kind).sort()).toEqual(["apiKeyRevoked", "userDisabled", "userEnabled"])
    for (const event of byAdmin) {
      expect(event).toMatchObject({ actorId: admin.owner.id, credentialId: admin.session.sessionId })
      expect(event).toMatchObject({ via: "session", requestId: client.requestId })
    }
    expect(byAdmin.find(({ kind }) => kind === "apiKeyRevoked")?.subjectId).toBe(id)
  })

  test("neither an administrator's API key nor another user's access token can administer", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(here)]
    const { key } = await createKey(admin)
    const { caller } = await here.authenticate(withApiKey(key))
    if (!caller) throw new TypeError("not authenticated")
    expect(caller.owner.role).toBe("admin")
    expect(() => here.administratorOf(caller)).toThrow(expect.objectContaining({ reason: "FORBIDDEN" }))
    expect(() => here.administratorOf(user.caller)).toThrow(expect.objectContaining({ reason: "FORBIDDEN" }))
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
