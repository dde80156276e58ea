import { createMigratedDatabase } from "@latchkey/db/test"
import { expect, inject, test } from "vitest"
import { type ImportedKey, importKeys } from "../../../../packages/auth/test/importKeys.ts"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"

/** `REVOCATIONS=1000` tries more of them. */
const REVOCATIONS = Number(process.env.REVOCATIONS ?? 300)
/** The number of keys to revoke concurrently. */
const CONCURRENCY = 8
/** The number of clients that call each key in a loop, from before its revocation until after. */
const CALLERS = 2
/** The number of calls with each key before its revocation, and of each caller afterwards. */
const CALLS = 3

/**
 * `npm test -- standalone/test/revocations` runs only this and prints its figures.
 *
 * The keys have no receipt at first, as after an import, so the first call of each runs bcrypt and writes one.
 */
test(`${REVOCATIONS} keys are revoked on one instance while in use on another: none is accepted afterwards`, async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const variables = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
  const [one, other] = [spawnBuiltServer(variables), spawnBuiltServer(variables)]
  const [a, b] = [await one.url, await other.url]
  const { user, accessToken } = await register(a)
  const owner = { issuer: "latchkey", subject: user.id }
  const keys = await importKeys(
    database.url,
    Array.from({ length: REVOCATIONS }, () => owner),
  )
  const figures = { revoked: 0, acceptedBefore: 0, startedAfter: 0, acceptedAfter: 0 }

  async function revokeWhileInUse({ id, key: apiKey }: ImportedKey) {
    let revokedAt = Number.POSITIVE_INFINITY
    const callers = Array.from({ length: CALLERS }, async () => {
      for (let after = 0; after < CALLS; ) {
        const startedAt = performance.now()
        const { status } = await rest(b, "GET", "/auth/me", { apiKey })
        if (status !== 200 && status !== 401) throw new Error(`unexpected status ${status}`)
        const isAccepted = status === 200
        if (startedAt <= revokedAt) figures.acceptedBefore += Number(isAccepted)
        else {
          after++
          figures.startedAfter++
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

  const remaining = [...keys]
  async function work() {
    for (let key = remaining.pop(); key; key = remaining.pop()) await revokeWhileInUse(key)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))

  process.stdout.write(
    `${figures.revoked} cross-instance revocations: ${figures.acceptedBefore} calls accepted before, ` +
      `${figures.startedAfter} started after, ${figures.acceptedAfter} of them accepted\n`,
  )
  expect(figures).toMatchObject({
    revoked: REVOCATIONS,
    startedAfter: REVOCATIONS * CALLERS * CALLS,
    acceptedAfter: 0,
  })
  expect(figures.acceptedBefore).toBeGreaterThan(REVOCATIONS)
})
