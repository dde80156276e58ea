import { randomBytes, randomUUID } from "node:crypto"
import { createDatabase, DatabaseUnavailable } from "@latchkey/db"
import { owners, rateLimits, sessions } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { count, eq, sql } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { createTestAuth, signUp } from "../../test/createTestAuth.ts"
import { guess, guessOn, limited, newClient, useThrottledAuth } from "../../test/useThrottledAuth.ts"
import type { ClientInfo } from "../clientInfo.ts"
import { createKeyring } from "../crypto/keyring.ts"
import { AuthError, unauthenticated } from "../errors.ts"
import { defaultLimits } from "./limits.ts"
import { createThrottle, type Throttle } from "./throttle.ts"

describe("throttling", () => {
  const use = useThrottledAuth()

  test("a code counts as wrong if the database fails while it is checked, and not if the session has ended", async () => {
    const wrongCodes = { count: 1, seconds: 3600 }
    const keyring = createKeyring(use.secrets)
    const throttle = createThrottle({ db: use.db, keyring }, { ...defaultLimits, wrongCodes }, () => {})
    const userId = randomUUID()
    const tryCode = (error: Error) =>
      throttle.tryCode(userId, newClient(), () => Promise.reject(error)).catch((thrown: unknown) => thrown)
    const [ended, outage] = [unauthenticated(), new DatabaseUnavailable("no connection")]
    expect([await tryCode(ended), await tryCode(ended), await tryCode(outage)]).toEqual([
      ended,
      ended,
      outage,
    ])
    expect(await tryCode(outage)).toMatchObject(limited)
  })

  test("two instances share a limit, and 20 concurrent guesses all count", async () => {
    const [one, two] = [use.instance({ failedLogins: { count: 2, seconds: 60 } }), use.instance()]
    const { email } = await use.newOwner()
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
    const auth = use.instance({ failedLogins: { count: 2, seconds: 60 } })
    const { email, password } = await use.newOwner()
    const from = newClient()
    await guess(auth, email, from).catch(() => {})

    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.accounts.login({ email, password }, from)),
    )

    expect(results.map(({ status }) => status)).toEqual(Array(5).fill("fulfilled"))
    expect(await guessOn(auth, email, from)).toBe(1)
  })

  test("a guessing stranger does not lock the owner out, at a known or a new address", async () => {
    const auth = use.instance({ failedLoginsByAccount: { count: 12, seconds: 60 } })
    const { email, password } = await use.newOwner()
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
  })

  test("guessing at many accounts from one address is stopped; accounts known there still sign in", async () => {
    const auth = use.instance({ failedLoginsByAddress: { count: 5, seconds: 60 } })
    const { email, password } = await use.newOwner()
    const office = newClient()
    await auth.accounts.login({ email, password }, office)
    const other = await use.newOwner()

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
    const auth = use.instance({ logins: { count: 2, seconds: 60 } })
    const [ada, bob] = [await use.newOwner(), await use.newOwner()]
    const from = (address: string) => ({ ...newClient(), address })
    await auth.accounts.login(ada, from("2001:db8:7::1"))
    await auth.accounts.login(ada, from("2001:db8:7:0:ffff::2"))
    await expect(auth.accounts.login(bob, from("2001:db8:7::3"))).rejects.toMatchObject(limited)
    await auth.accounts.login(bob, from("2001:db8:7:1::3"))
  })

  test("sign-in works again after `retryAfter`, and not before", async () => {
    const auth = use.instance({ failedLogins: { count: 1, seconds: 60 } })
    const { email, password } = await use.newOwner()
    const from = newClient()
    const letPass = (seconds: number) =>
      use.db
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
    const auth = use.instance({
      failedLogins: { count: 1, seconds: 60 },
      registrations: { count: 1, seconds: 60 },
    })
    const { email, password, id } = await use.newOwner()
    const from = newClient()
    await auth.accounts.register({ email: `first-${email}`, password }, from)
    await guess(auth, email, from).catch(() => {})
    const [before] = await use.db.select({ rows: count() }).from(sessions)

    await expect(auth.accounts.login({ email, password }, from)).rejects.toMatchObject(limited)
    await expect(auth.accounts.register({ email: `second-${email}`, password }, from)).rejects.toMatchObject(
      limited,
    )

    expect(await use.db.select({ rows: count() }).from(sessions)).toEqual([before])
    expect(
      await use.db
        .select()
        .from(owners)
        .where(eq(owners.email, `second-${email}`)),
    ).toEqual([])
    const rows = JSON.stringify(await use.db.select().from(rateLimits))
    for (const known of [email, id, from.address]) expect(rows).not.toContain(known)
  })

  test("a weak password is not counted as a registration, and registering makes the address known", async () => {
    const auth = use.instance({
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

  test("attempts to register from an address are limited, including those with a weak password", async () => {
    const auth = use.instance({ registrationTries: { count: 2, seconds: 60 } })
    const from = newClient()
    const register = (password: string) =>
      auth.accounts.register({ email: `${randomUUID()}@example.com`, password }, from)
    for (let i = 0; i < 2; i++)
      await expect(register("short")).rejects.toMatchObject({ reason: "INVALID_INPUT" })
    await expect(register("short")).rejects.toMatchObject(limited)
    await expect(register(randomUUID())).rejects.toMatchObject(limited)
  })

  test.each<[string, (throttle: Throttle, from: ClientInfo) => Promise<unknown>]>([
    ["attempts to register", (throttle, from) => throttle.tryRegistering(from)],
    ["registrations", (throttle, from) => throttle.register(randomUUID(), from, async () => {})],
    ["refreshes with made-up tokens", (throttle, from) => throttle.tokenWithoutSession(from)],
    ["requests to set a password", (throttle, from) => throttle.requestPasswordReset(randomUUID(), from)],
    [
      "requests to verify an email",
      (throttle, from) => throttle.requestEmailVerification(randomUUID(), from),
    ],
    ["uses of links", (throttle, from) => throttle.useLink(from)],
    ["reports of leaked keys", (throttle, from) => throttle.reportLeakedKey(from)],
    [
      "wrong passwords",
      (throttle, from) =>
        throttle
          .login(randomUUID(), from, () => Promise.reject(new AuthError("LOGIN_FAILED", "wrong")))
          .catch((error) => {
            if (error.reason !== "LOGIN_FAILED") throw error
          }),
    ],
  ])("%s from all networks of an IPv6 site are limited together", async (_, attempt) => {
    const one = { count: 1, seconds: 60 }
    const limits = {
      ...{ ...defaultLimits, refusedLoginSeconds: 0, registrationTries: one, registrations: one },
      ...{ refreshesByAddress: one, passwordResetRequests: one, emailVerificationRequests: one },
      ...{ links: one, leakReports: one, failedLoginsByAddress: one },
    }
    const throttle = createThrottle({ db: use.db, keyring: createKeyring(use.secrets) }, limits, () => {})
    const site = `2001:db8:${randomBytes(2).toString("hex")}`
    const from = (network: number, of = site) => ({ ...newClient(), address: `${of}:${network}::1` })

    for (let network = 0; network < 10; network++) await attempt(throttle, from(network))
    await expect(attempt(throttle, from(10))).rejects.toMatchObject(limited)
    await attempt(throttle, from(11, "2001:db9:0"))
  })

  test("mails to verify emails are limited by account, and by address, where one person can have many accounts", async () => {
    const emailVerificationRequests = { count: 3, seconds: 60 }
    const limits = { ...defaultLimits, emailVerificationRequests }
    const throttle = createThrottle({ db: use.db, keyring: createKeyring(use.secrets) }, limits, () => {})
    const request = (userId: string, from: ClientInfo) => throttle.requestEmailVerification(userId, from)
    const [here, user] = [newClient(), randomUUID()]

    for (let n = 0; n < 3; n++) await request(randomUUID(), here)
    await expect(request(user, here)).rejects.toMatchObject(limited)

    for (let n = 0; n < 4; n++) await request(user, newClient())
    await expect(request(user, newClient())).rejects.toMatchObject(limited)
  })

  test("a session's password changes are limited, but another session of the account can still change it", async () => {
    const auth = use.instance({ passwordChanges: { count: 2, seconds: 60 } })
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
    if (owner.caller?.via !== "jwt" || !owner.caller.sessionId) throw new TypeError("not signed in")
    const session = { userId: owner.caller.owner.id, sessionId: owner.caller.sessionId }
    await auth.accounts.changePassword(session, { ...change, currentPassword: password }, newClient())
  })

  test("the client learns the status of its strictest limit", async () => {
    const auth = use.instance({ failedLogins: { count: 2, seconds: 60 } })
    const { email } = await use.newOwner()
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
