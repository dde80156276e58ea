import { connect } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { afterEach, expect, inject, test, vi } from "vitest"
import { newSecret, register, registerWithKey, rest } from "../testing.ts"
import { startTwo } from "./startTwo.ts"

afterEach(() => vi.restoreAllMocks())

type Credential = { apiKey: string } | { accessToken: string }

/** What calls to one instance and the other in turns are answered, each with each credential. */
async function callInTurns({ a, b }: { a: string; b: string }, credentials: Credential[], rounds: number) {
  const statuses = new Set<number>()
  for (let round = 0; round < rounds; round++) {
    for (const url of [a, b]) {
      const calls = credentials.map((credential) => rest(url, "GET", "/auth/me", credential))
      for (const { status } of await Promise.all(calls)) statuses.add(status)
    }
  }
  return [...statuses]
}

async function receiptsOf(databaseUrl: string) {
  const sql = connect(databaseUrl)
  const rows = await sql`select id, receipt_secret_id, receipt from api_keys order by id`
  await sql.end()
  return rows.map((row) => ({ ...row }))
}

test("one instance has the new secret and the old, the other the old alone: keys work on both, and it comes to rest", async () => {
  const [old, fresh] = [newSecret(), newSecret()]
  await using two = await startTwo(inject("postgresUrl"), {
    a: { AUTH_SECRET: fresh, AUTH_SECRET_PREVIOUS: old },
    b: { AUTH_SECRET: old },
  })
  const keys = [await registerWithKey(two.a), await registerWithKey(two.b), await registerWithKey(two.b)]
  const credentials = keys.map(({ apiKey }) => ({ apiKey }))
  const compare = vi.spyOn(bcrypt, "compare")

  expect(await callInTurns(two, credentials, 5)).toEqual([200])
  // For each key one where its receipt is unknown, and one more after the other instance has renewed it once.
  expect(compare.mock.calls.length).toBeLessThanOrEqual(2 * keys.length)

  compare.mockClear()
  const settled = await receiptsOf(two.databaseUrl)
  expect(await callInTurns(two, credentials, 10)).toEqual([200])
  expect(compare).not.toHaveBeenCalled()
  expect(await receiptsOf(two.databaseUrl)).toEqual(settled)
})

test("rotated in the order that keeps both secrets everywhere, no call is refused and no bcrypt runs", async () => {
  const [old, fresh] = [newSecret(), newSecret()]
  const steps = {
    before: { AUTH_SECRET: old },
    known: { AUTH_SECRET: old, AUTH_SECRET_PREVIOUS: fresh },
    used: { AUTH_SECRET: fresh, AUTH_SECRET_PREVIOUS: old },
  }
  for (const [a, b] of [
    [steps.known, steps.before],
    [steps.used, steps.known],
  ] as const) {
    await using two = await startTwo(inject("postgresUrl"), { a, b })
    const users = [await registerWithKey(two.a), await registerWithKey(two.b)]
    const credentials = users.flatMap(({ apiKey, accessToken }) => [{ apiKey }, { accessToken }])
    const compare = vi.spyOn(bcrypt, "compare")
    expect(await callInTurns(two, credentials, 5)).toEqual([200])
    expect(compare).not.toHaveBeenCalled()
  }
})

test("a refresh token is good on both, whatever secrets they have", async () => {
  await using two = await startTwo(inject("postgresUrl"), { b: { AUTH_SECRET: newSecret() } })
  const { refreshToken } = await register(two.a)
  const there = await rest(two.b, "POST", "/auth/refresh", { body: { refreshToken } })
  expect(there.status).toBe(200)
  const back = await rest(two.a, "POST", "/auth/refresh", { body: { refreshToken: there.body.refreshToken } })
  expect(back.status).toBe(200)
})
