import { randomUUID } from "node:crypto"
import { connect, eventually } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { afterEach, expect, inject, onTestFinished, test, vi } from "vitest"
import { challengeOf, codeOf, registerWithApp } from "../accounts/authenticatorApp.ts"
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

/** Calls both instances alternately with every credential, and returns the distinct statuses. */
async function callAlternately(
  { a, b }: { a: string; b: string },
  credentials: Credential[],
  rounds: number,
) {
  const statuses = new Set<number>()
  for (let round = 0; round < rounds; round++) {
    for (const url of [a, b]) {
      const calls = credentials.map((credential) => rest(url, "GET", "/auth/me", credential))
      for (const { status } of await Promise.all(calls)) statuses.add(status)
    }
  }
  return [...statuses]
}

async function readReceipts(databaseUrl: string) {
  const sql = connect(databaseUrl)
  const rows = await sql`select id, receipt_secret_id, receipt from api_keys order by id`
  await sql.end()
  return rows.map((row) => ({ ...row }))
}

test("one instance has the new and the old secret, the other only the old: keys work on both, and receipts settle", async () => {
  const [old, fresh] = [newSecret(), newSecret()]
  await using two = await startTwo(inject("postgresUrl"), {
    a: { AUTH_SECRET: fresh, AUTH_SECRET_PREVIOUS: old },
    b: { AUTH_SECRET: old },
  })
  const keys = [await registerWithKey(two.a), await registerWithKey(two.b), await registerWithKey(two.b)]
  const credentials = keys.map(({ apiKey }) => ({ apiKey }))
  const compare = vi.spyOn(bcrypt, "compare")

  expect(await callAlternately(two, credentials, 5)).toEqual([200])
  // For each key, one bcrypt where its receipt is unknown, and one more after the other instance has renewed it.
  expect(compare.mock.calls.length).toBeLessThanOrEqual(2 * keys.length)

  compare.mockClear()
  const settled = await readReceipts(two.databaseUrl)
  expect(await callAlternately(two, credentials, 10)).toEqual([200])
  expect(compare).not.toHaveBeenCalled()
  expect(await readReceipts(two.databaseUrl)).toEqual(settled)
})

test("if every instance knows the secret that the other uses, no call is refused and no bcrypt runs", async () => {
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
    expect(await callAlternately(two, credentials, 5)).toEqual([200])
    expect(compare).not.toHaveBeenCalled()
  }
})

test("a refresh token is accepted on both instances, whatever their secrets", async () => {
  await using two = await startTwo(inject("postgresUrl"), { b: { AUTH_SECRET: newSecret() } })
  const { refreshToken } = await register(two.a)
  const there = await rest(two.b, "POST", "/auth/refresh", { body: { refreshToken } })
  expect(there.status).toBe(200)
  const back = await rest(two.a, "POST", "/auth/refresh", { body: { refreshToken: there.body.refreshToken } })
  expect(back.status).toBe(200)
})

/** Signs in on one instance with a cookie that can turn on any, as a browser would. */
async function openBrowser(url: string, databaseUrl: string) {
  const readCookie = ({ headers }: { headers: Headers }) =>
    headers.getSetCookie().join().split(";", 1)[0] ?? ""
  const credentials = { email: `${randomUUID()}@company.tld`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(url, "POST", "/auth/register", { body: credentials, headers: { origin: url } })
  let cookie = readCookie(signedUp)
  const present = (url: string) => rest(url, "POST", "/auth/refresh", { headers: { origin: url, cookie } })
  return {
    /** Turns the cookie on the first instance, and repeats the request on all of them, as a reloaded page would. */
    async turn(urls: string[]) {
      const sql = connect(databaseUrl)
      await sql`update sessions set refreshed_at = now() - interval '1 hour'`
      await sql.end()
      const replies = []
      for (const url of [...urls, ...urls]) replies.push(await present(url))
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      expect(new Set(replies.map(readCookie)).size).toBe(1)
      expect(readCookie(replies[0] ?? signedUp)).not.toBe(cookie)
      cookie = readCookie(replies[0] ?? signedUp)
    },
  }
}

test("no credential is refused at any step of the documented rotation, one instance at a time", async () => {
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
    // Before the last step, operators wait until access tokens under the old secret have expired.
    if (a === 3) credentials = credentials.filter((credential) => "apiKey" in credential)
    for (const { url } of [one, two]) {
      const { apiKey, accessToken, refreshToken } = await registerWithKey(url)
      credentials.push({ apiKey }, { accessToken })
      sessions.push({ refreshToken })
      browsers.push(await openBrowser(url, shared.DATABASE_URL))
    }
    expect(await callAlternately({ a: one.url, b: two.url }, credentials, 2)).toEqual([200])
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
})

test("an authenticator app works after the documented rotation, although its user has not signed in meanwhile", async () => {
  const [old, fresh] = [newSecret(), newSecret()]
  await using first = await startServerOnPostgres(inject("postgresUrl"), { AUTH_SECRET: old })
  const user = await registerWithApp(first.url)
  const sql = connect(first.shared.DATABASE_URL)
  onTestFinished(() => sql.end())
  const [before] = await sql`select secret_id, sealed_secret from second_factors`
  {
    await using _ = await startTestServer({
      ...first.shared,
      AUTH_SECRET: fresh,
      AUTH_SECRET_PREVIOUS: old,
    })
    await eventually(async () => {
      const [now] = await sql`select secret_id from second_factors`
      expect(now?.secret_id).not.toBe(before?.secret_id)
    })
  }
  await using after = await startTestServer({ ...first.shared, AUTH_SECRET: fresh })
  const body = { challenge: await challengeOf(after.url, user), totp: codeOf(user.secret, 1) }
  expect((await rest(after.url, "POST", "/auth/login", { body })).status).toBe(200)
})
