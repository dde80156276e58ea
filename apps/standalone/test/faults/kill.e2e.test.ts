import { createMigratedDatabase } from "@latchkey/db/test"
import { createTcpProxy } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, register, spawnBuiltServer } from "../testServer.ts"
import { createLedger, retryUnavailable } from "./ledger.ts"

/** `KILLS=100` kills at each piece of data, instead of at every fifth. */
const TRIALS = Number(process.env.KILLS ?? 20)
/** More pieces of data than a call exchanges with the database, so that the last kills hit an idle server. */
const MOMENTS = { create: 48, revoke: 40 }

/**
 * Each trial creates one key undisturbed. Then it creates another or revokes the first, and kills the server at a later
 * piece of data that it exchanges with the database than the trial before: before a statement is sent, before its result
 * arrives, or between the commit and the response to the client.
 */
test(`kill -9 during creations and revocations, in ${TRIALS} trials: every acknowledged change holds`, async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const variables = { AUTH_SECRET: newSecret(), MAX_KEYS_PER_USER: "100000" }
  async function prepare() {
    const proxy = await createTcpProxy(new URL(database.url))
    return { proxy, ...spawnBuiltServer({ ...variables, DATABASE_URL: proxy.url }) }
  }
  const ledger = createLedger()
  let killedInFlight = 0
  let next = await prepare()
  const { accessToken } = await register(await next.url)

  for (let trial = 0; trial < TRIALS; trial++) {
    const server = next
    const url = await server.url
    next = await prepare()
    if (trial % 10 === 0) await ledger.verify(url)

    expect(await retryUnavailable(() => ledger.create(url, accessToken))).toBe(201)
    const call = trial % 2 === 0 ? "create" : "revoke"
    let piecesLeft = 1 + Math.floor((trial / TRIALS) * MOMENTS[call])
    server.proxy.observe(() => {
      if (--piecesLeft === 0) killedInFlight += Number(server.child.kill("SIGKILL"))
    })
    await ledger[call](url, accessToken).catch(() => {})
    server.child.kill("SIGKILL")
    await server.exited
    await server.proxy.disconnect()
  }

  const url = await next.url
  // Enough trials of each kind. If this fails, `MOMENTS` is out of date.
  expect(killedInFlight).toBeGreaterThan(TRIALS / 2)
  expect(ledger.created()).toBeGreaterThan(TRIALS)
  expect(ledger.revoked()).toBeGreaterThan(TRIALS / 10)
  expect(ledger.undecided()).toBeGreaterThan(TRIALS / 10)
  await ledger.settle(url)
  await ledger.verify(url)
  await next.proxy.disconnect()
}, 300_000)
