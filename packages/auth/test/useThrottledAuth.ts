import { randomUUID } from "node:crypto"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { afterAll, beforeAll, expect, inject } from "vitest"
import type { ClientInfo } from "../src/clientInfo.ts"
import type { Auth } from "../src/createAuth.ts"
import { AuthError } from "../src/errors.ts"
import { defaultLimits, type Limits } from "../src/limits/limits.ts"
import { createTestAuth, newSecret, signUp } from "./createTestAuth.ts"

let addresses = 0
/** An address that no other test uses. */
export const newClient = (): ClientInfo => ({
  address: `198.51.${Math.floor(addresses / 256)}.${addresses++ % 256}`,
  requestId: randomUUID(),
  device: null,
  rateLimit: null,
})

export const limited = { reason: "RATE_LIMITED" }

/** Opens a database for the tests of a `describe`, with instances that share its limits. */
export function useThrottledAuth() {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  return {
    secrets,
    get db() {
      return database.db
    },
    get url() {
      return database.url
    },
    /** Creates an instance with the default limits, except for these. */
    instance: (limits: Partial<Limits> = {}) =>
      createTestAuth(database.db, {
        secrets,
        limits: { ...defaultLimits, refusedLoginSeconds: 0, ...limits },
      }),
    /** Creates an account that has not signed in from any address of these tests. */
    async newOwner() {
      const { email, password, user } = await signUp(
        createTestAuth(database.db, { secrets: { current: newSecret() } }),
      )
      return { email, password, id: user.id }
    },
  }
}

/** Signs in with a wrong password. */
export const guess = (auth: Auth, email: string, from: ClientInfo) =>
  auth.accounts.login({ email, password: `not it: ${randomUUID()}` }, from)

/** Guesses until refused. @returns the number of guesses checked before that. */
export async function guessOn(auth: Auth, email: string, from: ClientInfo) {
  for (let guesses = 0; ; guesses++) {
    const error = await guess(auth, email, from).catch((error: unknown) => error)
    if (error instanceof AuthError && error.reason === "RATE_LIMITED") return guesses
    expect(error).toMatchObject({ reason: "LOGIN_FAILED" })
  }
}
