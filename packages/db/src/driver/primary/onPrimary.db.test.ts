import { randomUUID } from "node:crypto"
import { connect, startPostgres, startStandby, type TestPostgres } from "@latchkey/test-postgres"
import { drizzle } from "drizzle-orm/postgres-js"
import { afterAll, beforeAll, expect, test } from "vitest"
import { newUser, storeUser } from "../../../test/openTestDatabase.ts"
import {
  createDatabase,
  type Database,
  DatabaseUnavailable,
  findImportedApiKeys,
  findImportedStartLengths,
  findLiveFamilies,
  findLiveSessions,
  findMassRevocationTargets,
  findOwnerStates,
  findPasswordHash,
  findUserByEmail,
  findUserOfFamily,
  findVerifiableApiKeys,
  findVerifiableApiKeysById,
  ping,
} from "../../index.ts"
import { findOpenWindows } from "../../queries/limits/rateLimits.ts"

let primary: TestPostgres
let standby: TestPostgres
beforeAll(async () => {
  primary = await startPostgres(["wal_keep_size=64MB"])
  const { migrate, close } = await createDatabase(primary.url)
  await migrate()
  await close()
  standby = await startStandby(primary)
})
afterAll(async () => {
  await standby[Symbol.asyncDispose]()
  await primary[Symbol.asyncDispose]()
})

const massRevocation = {
  id: randomUUID(),
  criteria: { issuer: "host" },
  by: {
    owner: { id: randomUUID(), issuer: "host", subject: "operations" },
    via: "server",
    appointedBy: "host",
  },
} as const

const reads: [string, (db: Database) => Promise<unknown>][] = [
  ["findVerifiableApiKeys", (db) => findVerifiableApiKeys(db, { lookupIds: ["0".repeat(16)] })],
  ["findVerifiableApiKeysById", (db) => findVerifiableApiKeysById(db, { ids: [randomUUID()] })],
  ["findImportedApiKeys", (db) => findImportedApiKeys(db, { starts: ["sk_live_"], digests: ["0"] })],
  ["findImportedStartLengths", (db) => findImportedStartLengths(db, {})],
  ["findMassRevocationTargets", (db) => findMassRevocationTargets(db, { ...massRevocation, limit: 1 })],
  ["findLiveSessions", (db) => findLiveSessions(db, { ids: [randomUUID()] })],
  ["findUserByEmail", (db) => findUserByEmail(db, { email: "nobody@example.com" })],
  ["findPasswordHash", (db) => findPasswordHash(db, { userId: randomUUID(), sessionId: randomUUID() })],
  ["findOwnerStates", (db) => findOwnerStates(db, { ids: [randomUUID()] })],
  ["findLiveFamilies", (db) => findLiveFamilies(db, { ids: [randomUUID()] })],
  ["findUserOfFamily", (db) => findUserOfFamily(db, { id: randomUUID(), familyHash: new Uint8Array(32) })],
  ["findOpenWindows", (db) => findOpenWindows(db, { keys: ["nothing"] })],
  ["ping", (db) => ping(db)],
]

// The connection itself is not checked, as behind a pooler that fails over to a standby.
test.each(reads)("%s fails on a standby, even if no row matches", async (_, read) => {
  const [onPrimary, onStandby] = [primary, standby].map(({ url }) => connect(url))
  if (!onPrimary || !onStandby) throw new TypeError("two servers, two clients")

  await read(drizzle(onPrimary))
  await expect(read(drizzle(onStandby))).rejects.toThrow(DatabaseUnavailable)

  await Promise.all([onPrimary.end(), onStandby.end()])
})

test("a standby without its primary is unavailable", async () => {
  const { db, close } = await createDatabase(standby.url)
  await expect(ping(db)).rejects.toThrow(DatabaseUnavailable)
  await close()
})

test("uses the first of several hosts that answers and is not a standby", async () => {
  const hosts = ["127.0.0.1:1", ...[standby, primary].map(({ url }) => new URL(url).host)]
  const { db, close } = await createDatabase(`postgres://postgres@${hosts.join(",")}/postgres`)
  await storeUser(db)
  expect(await findUserByEmail(db, newUser())).toBeNull()
  await close()
})
