import { owners } from "@latchkey/db/schema"
import { type DatabaseKind, type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eventually } from "@latchkey/test-postgres"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, expect, inject } from "vitest"
import type { AuthOptions } from "../src/authOptions.ts"
import type { Auth } from "../src/createAuth.ts"
import type { Caller } from "../src/identities/caller.ts"
import { createFakeIssuer } from "./createFakeIssuer.ts"
import { client, createTestAuth, newSecret } from "./createTestAuth.ts"

export const SCOPES = ["reports:read", "reports:write"]

export const trusted = createFakeIssuer("https://login.example.com")

/** The host's users are named by a header, as a cookie would. */
export const identify: AuthOptions["identify"] = (headers) =>
  JSON.parse(headers.get("x-test-identity") ?? "null")

export const asHost = (identity: object) => new Headers({ "x-test-identity": JSON.stringify(identity) })

export const newKeyInput = { label: "nightly import", expiresAt: null, scopes: null }

let subjects = 0
export const newSubject = () => `org_${++subjects}`

/** Opens a database for the tests of a `describe`, with two instances that serve a host and a trusted issuer. */
export function useOwners(kind: DatabaseKind) {
  let database: OpenTestDatabase
  let here: Auth
  let there: Auth
  const options = {
    secrets: { current: newSecret() },
    scopes: SCOPES,
    identify,
    trustedIssuers: trusted.issuers,
  }
  const open = (more: Partial<AuthOptions> = {}) => createTestAuth(database.db, { ...options, ...more })
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    here = open()
    there = open()
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function callerOf(headers: Headers, auth = here): Promise<Caller> {
    const { caller } = await auth.authenticate(headers)
    if (!caller) throw new TypeError("not authenticated")
    return caller
  }

  return {
    get db() {
      return database.db
    },
    get here() {
      return here
    },
    get there() {
      return there
    },
    /** Opens another instance on the same database. */
    open,
    callerOf,
    /** Resolves when this many statements on PostgreSQL wait for a lock. */
    untilWaiting: (count: number) =>
      eventually(async () => {
        const waiting = await database.db.execute(sql`select pid from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`)
        expect(waiting).toHaveLength(count)
      }),
    createKey: async (headers: Headers, auth = here) =>
      auth.apiKeys.create(await callerOf(headers, auth), newKeyInput, client),
    rowsOf: (subject: string) => database.db.select().from(owners).where(eq(owners.subject, subject)),
    administrator: async (auth = here) =>
      auth.administratorOf(await callerOf(asHost({ subject: "operations", role: "admin" }), auth)),
  }
}
