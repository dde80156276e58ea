import { createTcpProxy, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, register, spawnBuiltServer } from "../testServer.ts"
import { createLedger, decided } from "./ledger.ts"

const TRIALS = 100
/** As many pieces as a call exchanges with the database, and some more, so that the last are killed at rest. */
const MOMENTS = { create: 48, revoke: 40 }

/**
 * Each trial makes one key in peace; then it makes another, or revokes the first, and the server is killed as it
 * exchanges the nth piece with the database: before a statement goes out, with an answer on its way, between the
 * commit and the answer to the client.
 */
test("kill -9 in 100 trials around create and revoke: what was answered holds", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const variables = { AUTH_SECRET: newSecret(), MAX_KEYS_PER_USER: "100000" }
  async function prepare() {
    const link = await createTcpProxy(new URL(database.url))
    return { link, ...spawnBuiltServer({ ...variables, DATABASE_URL: link.url }) }
  }
  const ledger = createLedger()
  let killedAtWork = 0
  let next = await prepare()
  const { accessToken } = await register(await next.url)

  for (let trial = 0; trial < TRIALS; trial++) {
    const server = next
    const url = await server.url
    next = await prepare()
    if (trial % 10 === 0) await ledger.verify(url)

    expect(await decided(() => ledger.create(url, accessToken))).toBe(201)
    const call = trial % 2 === 0 ? "create" : "revoke"
    let piecesLeft = 1 + (Math.floor(trial / 2) % MOMENTS[call])
    server.link.watch(() => {
      if (--piecesLeft === 0) killedAtWork += Number(server.child.kill("SIGKILL"))
    })
    await ledger[call](url, accessToken).catch(() => {})
    server.child.kill("SIGKILL")
    await server.exited
    await server.link.cut()
  }

  const url = await next.url
  // Some of all kinds, or the moments were chosen badly.
  expect(killedAtWork).toBeGreaterThan(TRIALS / 2)
  expect(ledger.created()).toBeGreaterThan(TRIALS)
  expect(ledger.revoked()).toBeGreaterThan(TRIALS / 10)
  expect(ledger.open()).toBeGreaterThan(TRIALS / 10)
  await ledger.settle(url)
  await ledger.verify(url)
  await next.link.cut()
}, 300_000)
