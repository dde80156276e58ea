import { randomUUID } from "node:crypto"
import { createDatabase } from "@latchkey/db"
import { rateLimits, sessions, users } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import bcrypt from "bcrypt"
import { count, eq, like, sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest"
import { createTestAuth, newSecret, signUp } from "../../test/createTestAuth.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { Auth } from "../createAuth.ts"
import { AuthError } from "../errors.ts"
import { createRefreshToken } from "../sessions/refreshToken.ts"
import { defaultLimits, type Limits } from "./limits.ts"

let addresses = 0
/** An address that no other test uses. */
const newClient = (): ClientInfo => ({
  address: `198.51.${Math.floor(addresses / 256)}.${addresses++ % 256}`,
  requestId: randomUUID(),
  device: null,
  rateLimit: null,
})

const limited = { reason: "RATE_LIMITED" }

describe("throttling", () => {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  const instance = (limits: Partial<Limits> = {}) =>
    createTestAuth(database.db, { secrets, limits: { ...defaultLimits, refusedLoginSeconds: 0, ...limits } })
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  /** Creates an account that has not signed in from any address of these tests. */
  async function newOwner() {
    const { email, password, user } = await signUp(
      createTestAuth(database.db, { secrets: { current: newSecret() } }),
    )
    return { email, password, id: user.id }
  }

  const guess = (auth: Auth, email: string, from: ClientInfo) =>
    auth.accounts.login({ email, password: `not it: ${randomUUID()}` }, from)

  /** Guesses until refused. @returns the number of guesses checked before that. */
  async function guessOn(auth: Auth, email: string, from: ClientInfo) {
    for (let guesses = 0; ; guesses++) {
      const error = await guess(auth, email, from).catch((error: unknown) => error)
      if (error instanceof AuthError && error.reason === "RATE_LIMITED") return guesses
      expect(error).toMatchObject({ reason: "LOGIN_FAILED" })
    }
  }

  test("two instances share a limit, and 20 concurrent guesses all count", async () => {
    const [one, two] = [instance({ failedLogins: { count: 2, seconds: 60 } }), instance()]
    const { email } = await newOwner()
    const from = newClient()
    const compare = vi.spyOn(bcrypt, "compare")

    const results = await Promise.allSettled(Array.from({ length: 20 }, () => guess(one, email, from)))

    const reasons = results.map((result) => result.status === "rejected" && result.reason.reason)
    expect(reasons.filter((reason) => reason === "LOGIN_FAILED")).toHaveLength(2)
    expect(reasons.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(18)
    expect(compare).toHaveBeenCalledTimes(2)
    vi.restoreAllMocks()
    expect(await guessOn(two, email.toUpperCase(), from)).toBe(8)
  })

  test("concurrent sign-ins are refunded and do not count as guesses", async () => {
    const auth = instance({ failedLogins: { count: 2, seconds: 60 } })
    const { email, password } = await newOwner()
    const from = newClient()
    await guess(auth, email, from).catch(() => {})

    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.accounts.login({ email, password }, from)),
    )

    expect(results.map(({ status }) => status)).toEqual(Array(5).fill("fulfilled"))
    expect(await guessOn(auth, email, from)).toBe(1)
  })

  test("a guessing stranger does not lock the owner out, at a known or a new address", async () => {
    const auth = instance({ failedLoginsByAccount: { count: 12, seconds: 60 } })
    const { email, password } = await newOwner()
    const home = newClient()
    await auth.accounts.login({ email, password }, home)

    // The first uses up most of the account's limit, so that later addresses get fewer guesses.
    expect(await guessOn(auth, email, newClient())).toBe(10)
    expect(await guessOn(auth, email, newClient())).toBe(3)
    expect(await guessOn(auth, email, newClient())).toBe(3)

    await guess(auth, email, home).catch(() => {})
    await auth.accounts.login({ email, password }, home)
    const hotel = newClient()
    await guess(auth, email, hotel).catch(() => {})
    await auth.accounts.login({ email, password }, hotel)
    expect(await guessOn(auth, email, hotel)).toBe(2)
    await auth.accounts.login({ email, password }, hotel)
  }, 90_000)

  test("guessing at many accounts from one address is stopped; accounts known there still sign in", async () => {
    const auth = instance({ failedLoginsByAddress: { count: 5, seconds: 60 } })
    const { email, password } = await newOwner()
    const office = newClient()
    await auth.accounts.login({ email, password }, office)
    const other = await newOwner()

    const results: string[] = []
    for (let i = 0; i < 7; i++) {
      const error = await guess(auth, `${randomUUID()}@example.com`, office).catch((error) => error)
      results.push(error.reason)
    }

    expect(results).toEqual([...Array(5).fill("LOGIN_FAILED"), "RATE_LIMITED", "RATE_LIMITED"])
    await expect(auth.accounts.login(other, office)).rejects.toMatchObject(limited)
    await auth.accounts.login({ email, password }, office)
    await auth.accounts.login(other, newClient())
  })

  test("all sign-in attempts from an address are limited, and IPv6 addresses are counted by /64", async () => {
    const auth = instance({ logins: { count: 2, seconds: 60 } })
    const [ada, bob] = [await newOwner(), await newOwner()]
    const from = (address: string) => ({ ...newClient(), address })
    await auth.accounts.login(ada, from("2001:db8:7::1"))
    await auth.accounts.login(ada, from("2001:db8:7:0:ffff::2"))
    await expect(auth.accounts.login(bob, from("2001:db8:7::3"))).rejects.toMatchObject(limited)
    await auth.accounts.login(bob, from("2001:db8:7:1::3"))
  })

  test("sign-in works again after `retryAfter`, and not before", async () => {
    const auth = instance({ failedLogins: { count: 1, seconds: 60 } })
    const { email, password } = await newOwner()
    const from = newClient()
    const letPass = (seconds: number) =>
      database.db
        .update(rateLimits)
        .set({ expiresAt: sql`${rateLimits.expiresAt} - make_interval(secs => ${seconds})` })
    const signIn = () => auth.accounts.login({ email, password }, from)
    await guess(auth, email, from).catch(() => {})

    const error = await signIn().catch((error) => error)
    expect(error).toMatchObject(limited)
    await letPass(error.retryAfter - 20)
    await expect(signIn()).rejects.toMatchObject(limited)
    await letPass(20)
    expect((await signIn()).user.email).toBe(email)
  })

  test("a refusal creates nothing, and the limits store no email or address", async () => {
    const auth = instance({
      failedLogins: { count: 1, seconds: 60 },
      registrations: { count: 1, seconds: 60 },
    })
    const { email, password, id } = await newOwner()
    const from = newClient()
    await auth.accounts.register({ email: `first-${email}`, password }, from)
    await guess(auth, email, from).catch(() => {})
    const [before] = await database.db.select({ rows: count() }).from(sessions)

    await expect(auth.accounts.login({ email, password }, from)).rejects.toMatchObject(limited)
    await expect(auth.accounts.register({ email: `second-${email}`, password }, from)).rejects.toMatchObject(
      limited,
    )

    expect(await database.db.select({ rows: count() }).from(sessions)).toEqual([before])
    expect(
      await database.db
        .select()
        .from(users)
        .where(eq(users.email, `second-${email}`)),
    ).toEqual([])
    const rows = JSON.stringify(await database.db.select().from(rateLimits))
    for (const known of [email, id, from.address]) expect(rows).not.toContain(known)
  })

  test("a weak password is not counted as a registration, and registering makes the address known", async () => {
    const auth = instance({
      registrations: { count: 2, seconds: 60 },
      failedLoginsByAddress: { count: 1, seconds: 60 },
    })
    const [email, password, from] = [`${randomUUID()}@example.com`, randomUUID(), newClient()]
    for (let i = 0; i < 3; i++) {
      await expect(auth.accounts.register({ email, password: "short" }, from)).rejects.toMatchObject({
        reason: "INVALID_INPUT",
      })
    }
    await auth.accounts.register({ email, password }, from)
    await expect(auth.accounts.register({ email, password }, from)).rejects.toMatchObject({
      reason: "EMAIL_TAKEN",
    })
    await expect(auth.accounts.register({ email, password }, from)).rejects.toMatchObject(limited)
    await expect(auth.accounts.register({ email: `x${email}`, password }, newClient())).resolves.toBeTruthy()

    for (let i = 0; i < 2; i++) await guess(auth, `${randomUUID()}@example.com`, from).catch(() => {})
    expect((await auth.accounts.login({ email, password }, from)).user.email).toBe(email)
  })

  test("a session's refreshes are limited, and forged tokens do not count towards the limit", async () => {
    const auth = instance({ refreshes: { count: 2, seconds: 60 } })
    const [ada, bob] = [await signUp(auth), await signUp(auth)]
    const id = Buffer.from(ada.refreshToken, "base64url").subarray(0, 16)
    const forged = Buffer.concat([id, Buffer.alloc(48, 7)]).toString("base64url")
    for (let i = 0; i < 2; i++) {
      await expect(auth.accounts.refresh({ refreshToken: forged }, newClient())).rejects.toMatchObject({
        reason: "UNAUTHENTICATED",
      })
    }
    let { refreshToken } = ada
    for (let i = 0; i < 2; i++) {
      refreshToken = (await auth.accounts.refresh({ refreshToken }, newClient())).refreshToken
    }
    await expect(auth.accounts.refresh({ refreshToken }, newClient())).rejects.toMatchObject(limited)
    await auth.accounts.refresh(bob, newClient())
    // The refused token is still valid.
    expect(await instance().accounts.refresh({ refreshToken }, newClient())).toMatchObject({ user: ada.user })
  })

  test("attempts to register from an address are limited, including those with a weak password", async () => {
    const auth = instance({ registrationTries: { count: 2, seconds: 60 } })
    const from = newClient()
    const register = (password: string) =>
      auth.accounts.register({ email: `${randomUUID()}@example.com`, password }, from)
    for (let i = 0; i < 2; i++)
      await expect(register("short")).rejects.toMatchObject({ reason: "INVALID_INPUT" })
    await expect(register("short")).rejects.toMatchObject(limited)
    await expect(register(randomUUID())).rejects.toMatchObject(limited)
  })

  test.each(["refresh", "logoutByRefreshToken"] as const)(
    "%s: made-up tokens use up their address's limit, but live sessions there keep working",
    async (act) => {
      const auth = instance({ refreshesByAddress: { count: 2, seconds: 60 } })
      const [ada, bob, from] = [await signUp(auth), await signUp(auth), newClient()]
      const madeUp = () => createRefreshToken(randomUUID())
      for (let i = 0; i < 2; i++) await auth.accounts[act](madeUp(), from).catch(() => {})
      await expect(auth.accounts[act](madeUp(), from)).rejects.toMatchObject(limited)

      let { refreshToken } = ada
      for (let i = 0; i < 3; i++) {
        refreshToken = (await auth.accounts.refresh({ refreshToken }, from)).refreshToken
      }
      await auth.accounts.logoutByRefreshToken(bob, from)
      expect((await auth.authenticate(bob.headers)).caller).toBeNull()
      expect((await auth.authenticate(ada.headers)).caller).not.toBeNull()
    },
  )

  test("beyond its address's limit, a made-up refresh token costs one query and no transaction", async () => {
    let queries = 0
    const { db, close } = await createDatabase(database.url, { onQuery: () => queries++ })
    const auth = createTestAuth(db, {
      secrets,
      limits: { ...defaultLimits, refreshesByAddress: { count: 1, seconds: 60 } },
    })
    const from = newClient()
    const madeUp = () => createRefreshToken(randomUUID())
    for (let i = 0; i < 2; i++) await auth.accounts.refresh(madeUp(), from).catch(() => {})
    const transaction = vi.spyOn(db, "transaction")
    queries = 0

    for (let i = 0; i < 10; i++) {
      await expect(auth.accounts.refresh(madeUp(), from)).rejects.toMatchObject(limited)
      await expect(auth.accounts.logoutByRefreshToken(madeUp(), from)).rejects.toMatchObject(limited)
    }

    expect(queries).toBe(20)
    expect(transaction).not.toHaveBeenCalled()
    vi.restoreAllMocks()
    await close()
  })

  test("a flood of made-up refresh tokens stores nothing beyond the address's limit", async () => {
    const auth = instance({ refreshesByAddress: { count: 3, seconds: 60 } })
    const from = newClient()
    const stored = async () => {
      const [row] = await database.db
        .select({ rows: count() })
        .from(rateLimits)
        .where(like(rateLimits.key, "refreshes%"))
      return row?.rows
    }
    const refresh = () => {
      const { refreshToken } = createRefreshToken(randomUUID())
      return auth.accounts.refresh({ refreshToken }, from)
    }
    for (let i = 0; i < 3; i++) await expect(refresh()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(refresh()).rejects.toMatchObject(limited)
    const before = await stored()

    for (let i = 0; i < 10; i++) await expect(refresh()).rejects.toMatchObject(limited)
    // When this other call has completed, so have any writes of the refused ones.
    await guess(auth, `${randomUUID()}@example.com`, newClient()).catch(() => {})

    expect(await stored()).toBe(before)
  })

  test("a session's password changes are limited, but another session of the account can still change it", async () => {
    const auth = instance({ passwordChanges: { count: 2, seconds: 60 } })
    const thief = await signUp(auth)
    const { email, password } = thief
    const owner = await auth.authenticate(
      new Headers({
        authorization: `Bearer ${(await auth.accounts.login({ email, password }, newClient())).accessToken}`,
      }),
    )
    const change = { currentPassword: "not it, I guess", newPassword: randomUUID() }
    for (let i = 0; i < 2; i++) {
      await expect(auth.accounts.changePassword(thief.session, change, newClient())).rejects.toMatchObject({
        reason: "LOGIN_FAILED",
      })
    }
    await expect(auth.accounts.changePassword(thief.session, change, newClient())).rejects.toMatchObject(
      limited,
    )
    if (owner.caller?.via !== "jwt") throw new TypeError("not signed in")
    const session = { userId: owner.caller.user.id, sessionId: owner.caller.sessionId }
    await auth.accounts.changePassword(session, { ...change, currentPassword: password }, newClient())
  })

  test("the client learns the status of its strictest limit", async () => {
    const auth = instance({ failedLogins: { count: 2, seconds: 60 } })
    const { email } = await newOwner()
    const from = newClient()
    const limit = { limit: "failed-logins", count: 2, seconds: 60 }
    await guess(auth, email, from).catch(() => {})
    expect(from.rateLimit).toMatchObject({ ...limit, remaining: 1, isRefused: false })
    await guessOn(auth, email, from)
    expect(from.rateLimit).toMatchObject({ ...limit, remaining: 0, isRefused: true })
  })
})

test("without a database, signing in and registering are unavailable", async () => {
  const { db, close } = await createDatabase("postgres://nobody@127.0.0.1:1/none")
  const auth = createTestAuth(db)
  const credentials = { email: "x@example.com", password: "a password of some length" }
  for (const call of [
    auth.accounts.login(credentials, newClient()),
    auth.accounts.register(credentials, newClient()),
  ]) {
    await expect(call).rejects.toMatchObject({ name: "AuthError", reason: "UNAVAILABLE" })
  }
  await close()
})
