import { randomBytes, randomUUID } from "node:crypto"
import { appRouter } from "@latchkey/api"
import { connect, eventually } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { type HeldLock, holdLock } from "../races/holdLock.ts"
import { register, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { METRICS_PORT: "0", TRUST_PROXY: "1" })
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})

const BATCH_SIZE = 20

/** Sends one batch of `BATCH_SIZE` calls, and returns the status of each. */
async function batch(procedure: string, input: () => unknown, headers: Record<string, string>) {
  const isQuery = procedure.endsWith(".list")
  const names = Array(BATCH_SIZE).fill(procedure).join(",")
  const inputs = JSON.stringify(
    Object.fromEntries(Array.from({ length: BATCH_SIZE }, (_, i) => [i, { json: input() }])),
  )
  const response = await fetch(
    `${server.url}/trpc/${names}?batch=1${isQuery ? `&input=${encodeURIComponent(inputs)}` : ""}`,
    {
      method: isQuery ? "GET" : "POST",
      headers: { "content-type": "application/json", ...headers },
      ...(!isQuery && { body: inputs }),
    },
  )
  const responses = (await response.json()) as { error?: { json: { data: { httpStatus: number } } } }[]
  return responses.map(({ error }) => error?.json.data.httpStatus ?? 200)
}

async function countLockWaits() {
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::int as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  return row?.waiting ?? 0
}

/** Locks `sessions` during `run`: statements that change it wait, and those that read it do not. */
async function whileSessionsAreLocked(run: (lock: HeldLock) => Promise<void>) {
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`lock table sessions in share mode`,
  )
  try {
    await run(lock)
  } finally {
    await lock.release()
  }
}

const revokeBatch = ({ accessToken }: { accessToken: string }) =>
  batch("sessions.revoke", () => ({ id: randomUUID() }), { authorization: `Bearer ${accessToken}` })

const countWaitingCalls = async () =>
  Number(/^latchkey_calls_waiting (\d+)$/m.exec(await (await fetch(String(server.metricsUrl))).text())?.[1])

test("hanging batches of one client hold only a few connections, and other clients are served", async () => {
  const [{ accessToken }, { apiKey }] = [await register(server.url), await registerWithKey(server.url)]
  let flood: Promise<number[]>[] = []
  await whileSessionsAreLocked(async (lock) => {
    flood = Array.from({ length: 10 }, () => revokeBatch({ accessToken }))
    await lock.untilWaiting(2)

    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        rest(server.url, "GET", i % 2 ? "/auth/me" : "/auth/apikeys", { apiKey }),
      ),
    )
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(await countLockWaits()).toBe(2)
  })
  // A 503 is a call that timed out in the queue and never ran.
  for (const status of (await Promise.all(flood)).flat()) expect([404, 503]).toContain(status)
  expect(await countWaitingCalls()).toBe(0)
  expect((await rest(server.url, "GET", "/auth/sessions", { accessToken })).status).toBe(200)
})

test("made-up challenges from one address hold only a few connections", async () => {
  const { accessToken } = await register(server.url)
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`lock table sign_in_challenges in access exclusive mode`,
  )
  let flood: Promise<number>[] = []
  try {
    flood = Array.from({ length: 20 }, async () => {
      const body = { challenge: randomBytes(32).toString("base64url"), totp: "123456" }
      const headers = { "x-forwarded-for": "192.0.2.77" }
      return (await rest(server.url, "POST", "/auth/login", { body, headers })).status
    })
    await lock.untilWaiting(2)
    const created = await rest(server.url, "POST", "/auth/apikeys", {
      accessToken,
      body: { label: "served" },
    })
    expect(created.status).toBe(201)
    expect(await countLockWaits()).toBe(2)
  } finally {
    await lock.release()
  }
  for (const status of await Promise.all(flood)) expect([401, 429, 503]).toContain(status)
})

test("introspections by callers who may not ask are no faster than their reads, or cause none", async () => {
  const introspect = async (headers: Record<string, string>) => {
    const body = new URLSearchParams({ token: randomBytes(32).toString("hex") })
    return (await fetch(`${server.url}/oauth/introspect`, { method: "POST", headers, body })).status
  }
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`lock table api_keys in access exclusive mode`,
  )
  let asked: Promise<number> | undefined
  try {
    expect(await introspect({})).toBe(401)
    expect(await countLockWaits()).toBe(0)
    asked = introspect({ authorization: "Bearer unknown" })
    const read = lock.untilWaiting(1).then(() => "the read")
    expect(await Promise.race([asked, read])).toBe("the read")
  } finally {
    await lock.release()
  }
  expect(await asked).toBe(401)
})

test("a hanging batch does not block other requests of the same user", async () => {
  const { accessToken } = await register(server.url)
  let flood: Promise<number[]> | undefined
  await whileSessionsAreLocked(async (lock) => {
    flood = revokeBatch({ accessToken })
    await lock.untilWaiting(1)
    expect((await rest(server.url, "GET", "/auth/sessions", { accessToken })).status).toBe(200)
    expect(await countLockWaits()).toBe(1)
  })
  await flood
})

test("a flood of calls with a leaked key does not block requests with its owner's access token", async () => {
  const { accessToken, apiKey, id, user } = await registerWithKey(server.url)
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`select from owners where id = ${user.id} for update`,
  )
  const flood = Array.from({ length: 10 }, () =>
    batch("apiKeys.revoke", () => ({ id }), { "x-api-key": apiKey }),
  )
  await lock.untilWaiting(2)
  expect((await rest(server.url, "GET", "/auth/sessions", { accessToken })).status).toBe(200)
  expect(await countLockWaits()).toBe(2)
  await lock.release()
  await Promise.all(flood)
})

test("a valid session can refresh and sign out during a flood of made-up tokens from its address", async () => {
  const headers = { "x-forwarded-for": "192.0.2.7" }
  const newMadeUpToken = () => randomBytes(64).toString("base64url")
  const sendMadeUpTokens = () => batch("auth.refresh", () => ({ refreshToken: newMadeUpToken() }), headers)
  const [page, program] = [await register(server.url), await register(server.url)]
  await sendMadeUpTokens()
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`select from rate_limits where key like 'refreshes-by-address:%' for update`,
  )
  const flood = Array.from({ length: 10 }, sendMadeUpTokens)
  await lock.untilWaiting(1)
  const { refreshToken } = program
  const refreshed = await rest(server.url, "POST", "/auth/refresh", { headers, body: { refreshToken } })
  expect(refreshed.status).toBe(200)
  const cookie = `__Host-latchkey=${page.refreshToken}`
  const signedOut = await rest(server.url, "POST", "/auth/logout", {
    headers: { ...headers, cookie, origin: server.url },
  })
  expect(signedOut.status).toBe(204)
  expect(await countLockWaits()).toBe(1)
  await lock.release()
  await Promise.all(flood)
})

test("refreshes of different users don't block each other, even from one address", async () => {
  const [a, b] = [await register(server.url), await registerWithKey(server.url)]
  const from = (address: string) => ({ "x-forwarded-for": address })
  let flood: Promise<number[]>[] = []
  let other: ReturnType<typeof rest> | undefined
  await whileSessionsAreLocked(async (lock) => {
    flood = Array.from({ length: 10 }, (_, i) =>
      batch("auth.refresh", () => ({ refreshToken: a.refreshToken }), from(`2001:db8::${i}`)),
    )
    await lock.untilWaiting(1)
    const { refreshToken, apiKey } = b
    other = rest(server.url, "POST", "/auth/refresh", {
      body: { refreshToken },
      headers: from("2001:db8::1"),
    })
    await lock.untilWaiting(2)
    expect((await rest(server.url, "GET", "/auth/me", { apiKey })).status).toBe(200)
    expect(await countLockWaits()).toBeLessThanOrEqual(3)
  })
  expect((await other)?.status).toBe(200)
  await Promise.all(flood)
})

test("a flood from one session of a user does not keep the user's other sessions from their turn", async () => {
  const thief = await register(server.url)
  const { email, password } = thief
  const { body: owner } = await rest(server.url, "POST", "/auth/login", { body: { email, password } })
  const revoke = ({ accessToken }: { accessToken: string }) =>
    rest(server.url, "DELETE", `/auth/sessions/${randomUUID()}`, { accessToken })
  const untilWaiting = (count: number) =>
    eventually(async () => expect(await countWaitingCalls()).toBe(count))
  const answered: string[] = []
  let calls: Promise<unknown>[] = []
  await whileSessionsAreLocked(async (lock) => {
    calls = Array.from({ length: 22 }, () => revoke(thief).then(() => answered.push("thief")))
    await lock.untilWaiting(2)
    await untilWaiting(20)
    calls.push(revoke(owner).then(() => answered.push("owner")))
    await untilWaiting(21)
  })
  await Promise.all(calls)
  expect(answered.indexOf("owner")).toBeLessThan(11)
})

test("calls of clients that disconnect leave the queue", async () => {
  const { accessToken } = await register(server.url)
  await whileSessionsAreLocked(async (lock) => {
    const away = new AbortController()
    const names = Array(BATCH_SIZE).fill("sessions.revokeOthers").join(",")
    const requests = Array.from({ length: 20 }, () =>
      fetch(`${server.url}/trpc/${names}?batch=1`, {
        method: "POST",
        headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
        signal: away.signal,
      }).catch(() => {}),
    )
    await lock.untilWaiting(2)
    away.abort()
    await Promise.all(requests)
  })
  for (let i = 0; i < 10; i++) {
    expect((await rest(server.url, "GET", "/auth/sessions", { accessToken })).status).toBe(200)
  }
  await eventually(async () => expect(await countWaitingCalls()).toBe(0))
})

/** Procedures that share their reads with other calls, or that wait for bcrypt. */
const UNQUEUED = [
  "admin.apiKeys.revokeWhere",
  "admin.users.erase",
  "apiKeys.create",
  "apiKeys.reportLeaked",
  "apiKeys.rotate",
  "auth.changePassword",
  "auth.introspect",
  "auth.login",
  "auth.me",
  "auth.register",
  "auth.resetPassword",
  "secondFactor.remove",
  "secondFactor.renewRecoveryCodes",
  "secondFactor.setUp",
]

test("every procedure is queued, except for those that must not be", async () => {
  const procedures = Object.entries(
    appRouter._def.procedures as unknown as Record<string, { _def: { meta?: { queue?: "none" } } }>,
  )
  const unqueued = procedures.filter(([, { _def }]) => _def.meta?.queue === "none").map(([path]) => path)
  expect(unqueued.sort()).toEqual(UNQUEUED)
})
