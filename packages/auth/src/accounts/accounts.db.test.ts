import { createHmac } from "node:crypto"
import { createDatabase, DatabaseUnavailable } from "@latchkey/db"
import { owners } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { sql } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import {
  bearer,
  client,
  createTestAuth,
  gate,
  LOWEST_BCRYPT_COST,
  newSecret,
  signUp,
} from "../../test/createTestAuth.ts"
import { useAuth } from "../../test/useAuth.ts"

const rejected = { caller: null, problem: "invalid" }

describe.each(["PostgreSQL", "embedded"] as const)("accounts on %s", (kind) => {
  const on = useAuth(kind)

  const isSignedIn = async (accessToken: string, instance = on.auth) =>
    (await instance.authenticate(bearer(accessToken))).caller !== null

  test("a registered user signs in, ignoring the case of the email", async () => {
    const { email, password, user } = await signUp(on.auth)
    const signedIn = await on.auth.accounts.login({ email: email.toUpperCase(), password }, client)
    expect(signedIn.user).toEqual(user)
    expect(await on.auth.authenticate(bearer(signedIn.accessToken))).toMatchObject({
      caller: { owner: user, via: "jwt" },
    })
  })

  test("an email can be registered only once", async () => {
    const { email } = await signUp(on.auth)
    const again = on.auth.accounts.register(
      { email: email.toUpperCase(), password: "another good password" },
      client,
    )
    await expect(again).rejects.toMatchObject({ reason: "EMAIL_TAKEN" })
  })

  test("registration can be closed", async () => {
    const closed = createTestAuth(on.db, { registration: "closed" })
    const attempt = closed.accounts.register(
      { email: "late@example.com", password: "another good password" },
      client,
    )
    await expect(attempt).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })

  test("the error for a weak password names the field", async () => {
    const user = await signUp(on.auth)
    await expect(
      on.auth.accounts.register({ email: "x@example.com", password: "short" }, client),
    ).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      field: "password",
    })
    const change = { currentPassword: user.password, newPassword: "password1234" }
    await expect(on.auth.accounts.changePassword(user.session, change, client)).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      field: "newPassword",
    })
  })

  test("a wrong password and an unknown email give the same error, after one bcrypt of the same cost", async () => {
    const { email } = await signUp(on.auth)
    const compare = vi.spyOn(bcrypt, "compare")

    const wrong = await on.auth.accounts
      .login({ email, password: "not the password" }, client)
      .catch((error) => error)
    const unknown = await on.auth.accounts
      .login({ email: `un${email}`, password: "whatever it is" }, client)
      .catch((error) => error)

    expect(wrong).toMatchObject({ reason: "LOGIN_FAILED", message: unknown.message })
    expect(unknown).toMatchObject({ reason: "LOGIN_FAILED" })
    const costs = compare.mock.calls.map(([, hash]) => bcrypt.getRounds(hash))
    expect(costs).toEqual([LOWEST_BCRYPT_COST, LOWEST_BCRYPT_COST])
    vi.restoreAllMocks()
  })

  test.each(["wrong", "faux mot de passé".normalize("NFD")])(
    "the password %s takes as many bcrypts for an unknown email as for a known one",
    async (password) => {
      const { email } = await signUp(on.auth)
      const compare = vi.spyOn(bcrypt, "compare")
      const bcryptsFor = async (email: string) => {
        compare.mockClear()
        await on.auth.accounts.login({ email, password }, client).catch(() => {})
        return compare.mock.calls.length
      }
      expect(await bcryptsFor(email)).toBe(await bcryptsFor(`un${email}`))
      vi.restoreAllMocks()
    },
  )

  test("a password hashed as typed works as typed, and afterwards in any form", async () => {
    const { email, user } = await signUp(on.auth)
    const typed = "mot de passe trouvé".normalize("NFD")
    const condensed = createHmac("sha256", "latchkey/password/v1").update(typed).digest("base64url")
    const passwordHash = await bcrypt.hash(condensed, 10)
    await on.db.update(owners).set({ passwordHash }).where(sql`${owners.id} = ${user.id}`)
    const login = (password: string) => on.auth.accounts.login({ email, password }, client)

    await expect(login(typed.normalize("NFC"))).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
    expect((await login(typed)).user).toEqual(user)
    expect((await login(typed.normalize("NFC"))).user).toEqual(user)
    expect((await login(typed)).user).toEqual(user)
  })

  test("ending a replaced session never fails, and reports errors in the background", async () => {
    const { db, close } = await createDatabase("postgres://nobody@127.0.0.1:1/none")
    const onBackgroundError = vi.fn()
    const cut = createTestAuth(db, { onBackgroundError })
    await cut.accounts.endReplaced(await signUp(on.auth), client)
    expect(onBackgroundError).toHaveBeenCalledWith(expect.any(DatabaseUnavailable))
    await cut.accounts.endReplaced({ refreshToken: "nonsense" }, client)
    expect(onBackgroundError).toHaveBeenCalledTimes(1)
    await close()
  })

  test("a refresh token is valid once; reusing it ends the session, even after a restart", async () => {
    const secrets = { current: newSecret() }
    const before = createTestAuth(on.db, { secrets })
    const first = await signUp(before)
    const second = await before.accounts.refresh(first, client)
    expect(second.user).toEqual(first.user)
    expect(await isSignedIn(second.accessToken, before)).toBe(true)

    const restarted = createTestAuth(on.db, { secrets })
    await expect(restarted.accounts.refresh(first, client)).rejects.toMatchObject({
      reason: "UNAUTHENTICATED",
    })

    expect(await isSignedIn(second.accessToken, restarted)).toBe(false)
    expect(await isSignedIn(first.accessToken, restarted)).toBe(false)
    await expect(restarted.accounts.refresh(second, client)).rejects.toMatchObject({
      reason: "UNAUTHENTICATED",
    })
  })

  test("two concurrent refreshes end the session", async () => {
    const user = await signUp(on.auth)
    const results = await Promise.allSettled([
      on.auth.accounts.refresh(user, client),
      on.auth.accounts.refresh(user, client),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
    expect(await isSignedIn(user.accessToken)).toBe(false)
  })

  test("signing out ends that session immediately, and no other", async () => {
    const user = await signUp(on.auth)
    const elsewhere = await on.auth.accounts.login(user, client)

    await on.auth.accounts.logout(user.session, client)

    expect(await on.auth.authenticate(user.headers)).toMatchObject(rejected)
    await expect(on.auth.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    expect(await isSignedIn(elsewhere.accessToken)).toBe(true)
  })

  test("changing the password ends all sessions except the caller's", async () => {
    const user = await signUp(on.auth)
    const elsewhere = await on.auth.accounts.login(user, client)
    const newPassword = "a better password than before"

    await on.auth.accounts.changePassword(
      user.session,
      { currentPassword: user.password, newPassword },
      client,
    )

    expect(await isSignedIn(user.accessToken)).toBe(true)
    expect(await isSignedIn(elsewhere.accessToken)).toBe(false)
    await expect(on.auth.accounts.login(user, client)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
    expect((await on.auth.accounts.login({ email: user.email, password: newPassword }, client)).user).toEqual(
      user.user,
    )
  })

  test("a wrong current password changes nothing", async () => {
    const user = await signUp(on.auth)
    const change = { currentPassword: "not the password", newPassword: "a better password than before" }
    await expect(on.auth.accounts.changePassword(user.session, change, client)).rejects.toMatchObject({
      reason: "LOGIN_FAILED",
    })
    await on.auth.accounts.login(user, client)
  })

  test("a sign-in fails if the password changes while it is in flight", async () => {
    const user = await signUp(on.auth)
    const { promise: changed, resolve: open } = gate()
    const compare = bcrypt.compare.bind(bcrypt)
    const begun = new Promise<void>((resolve) => {
      vi.spyOn(bcrypt, "compare").mockImplementationOnce(async (text: string | Buffer, hash: string) => {
        resolve()
        await changed
        return compare(text, hash)
      })
    })
    // Another instance has its own queues; in the same one, the change would wait for the sign-in.
    const other = createTestAuth(on.db)

    const signIn = on.auth.accounts.login(user, client).catch((error) => error)
    await begun
    const change = { currentPassword: user.password, newPassword: "a better password than before" }
    await other.accounts.changePassword(user.session, change, client)
    open()

    expect(await signIn).toMatchObject({ reason: "LOGIN_FAILED" })
    vi.restoreAllMocks()
  })

  test("a disabled user is signed out immediately and can't sign in again", async () => {
    const user = await signUp(on.auth)
    await on.db.update(owners).set({ disabledAt: sql`now()` }).where(sql`${owners.id} = ${user.user.id}`)

    expect(await on.auth.authenticate(user.headers)).toMatchObject(rejected)
    await expect(on.auth.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(on.auth.accounts.login(user, client)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
  })

  test("a missing credential and two credentials are distinguished from an invalid one", async () => {
    const user = await signUp(on.auth)
    expect(await on.auth.authenticate(new Headers())).toMatchObject({ caller: null, problem: "none" })
    const both = new Headers([...user.headers, ["x-api-key", "0".repeat(64)]])
    expect(await on.auth.authenticate(both)).toMatchObject({ caller: null, problem: "ambiguous" })
    expect(await on.auth.authenticate(new Headers({ authorization: "Basic eDp5" }))).toMatchObject(rejected)
  })
})
