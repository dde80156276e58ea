import { randomBytes } from "node:crypto"
import { connect, createTestDatabase } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { expect, inject, test } from "vitest"
import { newSecret, register, rest, spawnBuiltServer } from "./testServer.ts"

const REVOCATIONS = 1_000
/** Keys that are being revoked at the same time. */
const AT_ONCE = 8
/** Each key is called without a pause from so many places, from before its revocation until after. */
const CALLERS = 2
/** Calls that each caller makes before the revocation, and after its answer. */
const CALLS = 3
/** The cheapest there is: the keys are many, and what they are stored as is not what is tried here. */
const BCRYPT_COST = 4

/**
 * `npm test -- revocations` repeats this by itself and prints the figures.
 *
 * The keys are stored as an import would, so the first call of each runs a bcrypt and writes its receipt.
 */
test(`${REVOCATIONS} revocations on one instance, each while the key is in use on another: none is accepted after`, async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const variables = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
  const [one, other] = [spawnBuiltServer(variables), spawnBuiltServer(variables)]
  const [a, b] = [await one.url, await other.url]
  const { user, accessToken } = await register(a)
  const keys = await importKeys(database.url, user.id)
  const figures = { revoked: 0, acceptedBefore: 0, begunAfter: 0, acceptedAfter: 0 }

  async function revokeWhileInUse({ id, apiKey }: Key) {
    let revokedAt = Number.POSITIVE_INFINITY
    const callers = Array.from({ length: CALLERS }, async () => {
      for (let after = 0; after < CALLS; ) {
        const begunAt = performance.now()
        const { status } = await rest(b, "GET", "/auth/me", { apiKey })
        if (status !== 200 && status !== 401) throw new Error(`answered ${status}`)
        const isAccepted = status === 200
        if (begunAt <= revokedAt) figures.acceptedBefore += Number(isAccepted)
        else {
          after++
          figures.begunAfter++
          figures.acceptedAfter += Number(isAccepted)
        }
      }
    })
    await Promise.all(Array.from({ length: CALLS }, () => rest(b, "GET", "/auth/me", { apiKey })))
    const { status } = await rest(a, "DELETE", `/auth/apikeys/${id}`, { accessToken })
    revokedAt = performance.now()
    figures.revoked += Number(status === 204)
    await Promise.all(callers)
  }

  const waiting = [...keys]
  async function work() {
    for (let key = waiting.pop(); key; key = waiting.pop()) await revokeWhileInUse(key)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))

  process.stdout.write(
    `${figures.revoked} cross-instance revocations: ${figures.acceptedBefore} calls accepted before, ` +
      `${figures.begunAfter} begun after, ${figures.acceptedAfter} of them accepted\n`,
  )
  expect(figures).toMatchObject({
    revoked: REVOCATIONS,
    begunAfter: REVOCATIONS * CALLERS * CALLS,
    acceptedAfter: 0,
  })
  expect(figures.acceptedBefore).toBeGreaterThan(REVOCATIONS)
}, 180_000)

interface Key {
  id: string
  apiKey: string
}

async function importKeys(databaseUrl: string, userId: string): Promise<Key[]> {
  const apiKeys = Array.from({ length: REVOCATIONS }, () => randomBytes(32).toString("hex"))
  const rows = await Promise.all(
    apiKeys.map(async (apiKey) => ({
      user_id: userId,
      lookup_id: apiKey.slice(0, 16),
      key_hash: await bcrypt.hash(apiKey, BCRYPT_COST),
      label: "imported",
    })),
  )
  const sql = connect(databaseUrl)
  const stored = await sql<{ id: string; lookup_id: string }[]>`
    insert into api_keys ${sql(rows)} returning id, lookup_id`
  await sql.end()
  const ids = new Map(stored.map(({ id, lookup_id }) => [lookup_id, id]))
  return apiKeys.map((apiKey) => ({ id: ids.get(apiKey.slice(0, 16)) ?? "", apiKey }))
}
