import { randomBytes, randomUUID } from "node:crypto"
import type { Database } from "@latchkey/db"
import { client as dbClient } from "@latchkey/db/test"
import type { AuthOptions } from "../src/authOptions.ts"
import type { ClientInfo } from "../src/clientInfo.ts"
import { type Auth, createAuth } from "../src/createAuth.ts"
import { defaultLimits, multiplyLimits } from "../src/limits/limits.ts"

export const newSecret = () => randomBytes(32).toString("hex")

/** The lowest cost that bcrypt allows: about a millisecond, instead of 70 at cost 10. */
export const LOWEST_BCRYPT_COST = 4

/** An instance with generous limits and cheap bcrypts, on a migrated database. */
export function createTestAuth(db: Database, options: Partial<AuthOptions> = {}): Auth {
  return createAuth({
    db,
    secrets: { current: newSecret() },
    accessTokenTtl: 900,
    refreshTokenTtl: 3600,
    bcryptCost: LOWEST_BCRYPT_COST,
    registration: "open",
    maxKeysPerUser: 100,
    adminEmails: [],
    auditRetentionDays: 365,
    limits: { ...multiplyLimits(defaultLimits, 1000), refusedLoginSeconds: 0 },
    // Instances that outlive their test's database would report its loss.
    onBackgroundError: () => {},
    ...options,
  })
}

/** The client of test calls. */
export const client: ClientInfo = { ...dbClient, rateLimit: null }

/** Registers a new user. `headers` contain their access token. */
export async function signUp(auth: Auth) {
  const email = `${randomUUID()}@example.com`
  const password = randomUUID()
  const signedIn = await auth.accounts.register({ email, password }, client)
  const headers = bearer(signedIn.accessToken)
  const { caller } = await auth.authenticate(headers)
  if (caller?.via !== "jwt" || caller.sessionId === undefined) throw new TypeError("not signed in")
  return {
    ...signedIn,
    email,
    password,
    headers,
    caller,
    owner: caller.owner,
    session: { userId: caller.owner.id, sessionId: caller.sessionId },
  }
}

export const bearer = (accessToken: string) => new Headers({ authorization: `Bearer ${accessToken}` })

export const withApiKey = (apiKey: string) => new Headers({ "x-api-key": apiKey })

/** A promise that the test resolves, to hold a race open. */
export function gate() {
  let resolve = () => {}
  const promise = new Promise<void>((open) => {
    resolve = open
  })
  return { promise, resolve }
}
