import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { afterEach, expect, inject, test, vi } from "vitest"
import {
  newSecret,
  register,
  registerWithKey,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "../testServer.ts"
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

/** A browser that is signed in at one instance, and turns its cookie at any. */
async function openBrowser(url: string, databaseUrl: string) {
  const cookieOf = ({ headers }: { headers: Headers }) => headers.getSetCookie().join().split(";", 1)[0] ?? ""
  const credentials = { email: `${randomUUID()}@company.tld`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(url, "POST", "/auth/register", { body: credentials, headers: { origin: url } })
  let cookie = cookieOf(signedUp)
  const present = (url: string) => rest(url, "POST", "/auth/refresh", { headers: { origin: url, cookie } })
  return {
    /** Turns the cookie at the first, then repeats it at all: as a page that is reloaded. */
    async turn(urls: string[]) {
      const sql = connect(databaseUrl)
      await sql`update sessions set refreshed_at = now() - interval '1 hour'`
      await sql.end()
      const replies = []
      for (const url of [...urls, ...urls]) replies.push(await present(url))
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      expect(new Set(replies.map(cookieOf)).size).toBe(1)
      expect(cookieOf(replies[0] ?? signedUp)).not.toBe(cookie)
      cookie = cookieOf(replies[0] ?? signedUp)
    },
  }
}

test("through all steps of the documented rotation, one instance after the other, no credential is refused", async () => {
  const [old, fresh] = [newSecret(), newSecret()]
  const steps = [
    { AUTH_SECRET: old },
    { AUTH_SECRET: old, AUTH_SECRET_PREVIOUS: fresh },
    { AUTH_SECRET: fresh, AUTH_SECRET_PREVIOUS: old },
    { AUTH_SECRET: fresh },
  ]
  await using first = await startServerOnPostgres(inject("postgresUrl"), { AUTH_SECRET: old })
  const { shared } = first
  const browsers: Awaited<ReturnType<typeof openBrowser>>[] = []
  const sessions: { refreshToken: string }[] = []
  let credentials: Credential[] = []

  for (const [a, b] of [
    [0, 0],
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 2],
    [3, 2],
    [3, 3],
  ] as const) {
    await using one = await startTestServer({ ...shared, ...steps[a] })
    await using two = await startTestServer({ ...shared, ...steps[b] })
    // The third step waits until access tokens under the old secret have expired.
    if (a === 3) credentials = credentials.filter((credential) => "apiKey" in credential)
    for (const { url } of [one, two]) {
      const { apiKey, accessToken, refreshToken } = await registerWithKey(url)
      credentials.push({ apiKey }, { accessToken })
      sessions.push({ refreshToken })
      browsers.push(await openBrowser(url, shared.DATABASE_URL))
    }
    expect(await callInTurns({ a: one.url, b: two.url }, credentials, 2)).toEqual([200])
    for (const urls of [
      [one.url, two.url],
      [two.url, one.url],
    ]) {
      for (const browser of browsers) await browser.turn(urls)
      for (const session of sessions) {
        for (const url of urls) {
          const { status, body } = await rest(url, "POST", "/auth/refresh", { body: { ...session } })
          expect(status).toBe(200)
          session.refreshToken = body.refreshToken
        }
      }
    }
  }
}, 120_000)
