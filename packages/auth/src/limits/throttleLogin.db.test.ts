import { randomUUID } from "node:crypto"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { createTestAuth, newSecret } from "../../test/createTestAuth.ts"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { defaultLimits, type Limits } from "./limits.ts"

/** In proportion to the defaults, but small enough for short sequences to use up each of them. */
const LIMITS: Limits = {
  ...defaultLimits,
  logins: { count: 12, seconds: 900 },
  failedLogins: { count: 4, seconds: 900 },
  failedLoginsByAddress: { count: 6, seconds: 900 },
  failedLoginsByAccount: { count: 7, seconds: 900 },
  failedLoginsUnderAttack: 2,
  loginsBeyond: { count: 4, seconds: 900 },
  refusedLoginSeconds: 0,
}

/** A stranger guesses at one account, from this address or another, or at other accounts from this address. */
const step = fc.constantFrom("guess here", "guess here", "guess elsewhere", "miss others here")
const SEQUENCES = fc.sample(fc.array(step, { minLength: 18, maxLength: 18 }), { numRuns: 6, seed: 11 })

let addresses = 0
const newClient = (): ClientInfo => ({
  address: `203.0.${Math.floor(addresses / 256)}.${addresses++ % 256}`,
  requestId: randomUUID(),
  device: null,
  rateLimit: null,
})

describe("signing in", () => {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  /** Each instance has its own queues, so that concurrent sequences do not wait for each other. */
  const instance = (limits: Partial<Limits> = {}) =>
    createTestAuth(database.db, { secrets, limits: { ...LIMITS, ...limits } })
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function newAccount() {
    const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() }
    await createTestAuth(database.db).accounts.register(credentials, newClient())
    return credentials
  }

  const guess = (auth: ReturnType<typeof instance>, email: string, from: ClientInfo) =>
    auth.accounts.login({ email, password: `not it: ${randomUUID()}` }, from)

  /** Everything that a guess reveals: the error and the limits, except the exact number of seconds. */
  async function answerTo(auth: ReturnType<typeof instance>, email: string, from: ClientInfo) {
    const client: ClientInfo = { ...from, rateLimit: null }
    const error = await guess(auth, email, client).catch((error: unknown) => error)
    const { reset, ...rateLimit } = client.rateLimit ?? {}
    expect(reset).toBeGreaterThan(800)
    if (!(error instanceof AuthError)) throw error
    const { name, reason, field } = error
    const message = error.message.replace(/\d+/, "n")
    return { name, reason, field, message, mayTryAgain: error.retryAfter !== undefined, rateLimit }
  }

  /** Plays a sequence. @returns the answers to the guesses at the email from the address. */
  async function play(
    auth: ReturnType<typeof instance>,
    { email, here }: { email: string; here: ClientInfo },
    steps: readonly string[],
  ) {
    const answers = []
    for (const what of steps) {
      if (what === "guess here") answers.push(await answerTo(auth, email, here))
      else if (what === "guess elsewhere") await guess(auth, email, newClient()).catch(() => {})
      else await guess(auth, `${randomUUID()}@example.com`, here).catch(() => {})
    }
    return answers
  }

  test("a stranger can't tell whether an account has signed in from their own address", async () => {
    const comparisons = SEQUENCES.map(async (steps) => {
      const auth = instance()
      const [owner, home] = [await newAccount(), newClient()]
      await auth.accounts.login(owner, home)
      const [stranger, elsewhere] = [await newAccount(), newClient()]
      await auth.accounts.login(stranger, elsewhere)

      const [known, unknown, newHere] = await Promise.all([
        play(auth, { email: owner.email, here: home }, steps),
        play(auth, { email: `${randomUUID()}@example.com`, here: elsewhere }, steps),
        play(auth, { email: (await newAccount()).email, here: await signedInAt(auth) }, steps),
      ])

      expect(known).toEqual(unknown)
      expect(newHere).toEqual(unknown)
      return known.map(({ rateLimit }) => "limit" in rateLimit && rateLimit.limit)
    })

    // The sequences must reach every limit.
    expect(new Set((await Promise.all(comparisons)).flat())).toEqual(
      new Set(["failed-logins", "failed-logins-by-address", "failed-logins-by-account", "logins"]),
    )
  })

  /** An address that another account has signed in from, which counts as one attempt. */
  async function signedInAt(auth: ReturnType<typeof instance>) {
    const from = newClient()
    await auth.accounts.login(await newAccount(), from)
    return from
  }

  const misses = (auth: ReturnType<typeof instance>, here: ClientInfo, count: number) =>
    Promise.all(
      Array.from({ length: count }, () => guess(auth, `${randomUUID()}@example.com`, here).catch(() => {})),
    )

  const limited = { reason: "RATE_LIMITED" }

  test.each([
    ["the limit of an address's failures", { here: 7, elsewhere: 0 }],
    ["the limit of an address's attempts", { here: 20, elsewhere: 0 }],
    ["the limit of the account's failures", { here: 0, elsewhere: 10 }],
    ["all of these limits", { here: 20, elsewhere: 10 }],
  ])(
    "if others use up %s, the owner still signs in from a known address",
    async (_, { here, elsewhere }) => {
      const [auth, owner, home] = [instance(), await newAccount(), newClient()]
      await auth.accounts.login(owner, home)
      await Promise.all(
        Array.from({ length: elsewhere }, () => guess(auth, owner.email, newClient()).catch(() => {})),
      )
      for (let i = 0; i < 3; i++) await guess(auth, owner.email, home).catch(() => {})
      await misses(auth, home, here)
      const newHere = await newAccount()
      if (here > 0) await expect(auth.accounts.login(newHere, home)).rejects.toMatchObject(limited)

      expect((await auth.accounts.login(owner, home)).user.email).toBe(owner.email)
      // After a rotation, the known address is still stored under the previous secret.
      const rotated = createTestAuth(database.db, {
        secrets: { current: newSecret(), previous: [secrets.current] },
        limits: LIMITS,
      })
      await misses(rotated, home, here)
      expect((await rotated.accounts.login(owner, home)).user.email).toBe(owner.email)
    },
    180_000,
  )

  test("beyond a shared limit, a known address has a limit of its own, even for the right password", async () => {
    const [auth, owner, home] = [instance(), await newAccount(), newClient()]
    await auth.accounts.login(owner, home)
    await misses(auth, home, 12)

    await guess(auth, owner.email, home).catch(() => {})
    for (let i = 0; i < 3; i++) await auth.accounts.login(owner, home)
    await expect(auth.accounts.login(owner, home)).rejects.toMatchObject(limited)
  })
})
