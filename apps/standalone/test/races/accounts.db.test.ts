import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, rest } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"
import { startTwo } from "./startTwo.ts"

/** How many of a crowd have to be at the same point before it is let go. */
const AT_THE_GATE = 6

/** Half of the calls to one instance, half to the other. */
const crowd = <T>({ a, b }: { a: string; b: string }, count: number, call: (url: string) => Promise<T>) =>
  Array.from({ length: count }, (_, index) => call(index % 2 === 0 ? a : b))

function countBy<T>(items: readonly T[], name: (item: T) => string) {
  const counts: Record<string, number> = {}
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1
  return counts
}

const outcomeOf = ({ status, body }: Awaited<ReturnType<typeof rest>>) =>
  `${status} ${body?.reason ?? ""}`.trim()

const meStatus = async (url: string, accessToken: string) =>
  (await rest(url, "GET", "/auth/me", { accessToken })).status

test("a user who is disabled while their session is refreshed gets nothing that works", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const user = await register(two.a)
  const refresh = (refreshToken: string) => rest(two.b, "POST", "/auth/refresh", { body: { refreshToken } })
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from sessions for update`)

  const underWay = refresh(user.refreshToken)
  await lock.untilWaiting(1)
  const sql = connect(two.databaseUrl)
  await sql`update users set disabled_at = now() where id = ${user.user.id}`
  await sql.end()
  await lock.release()

  const { status, body } = await underWay
  // It began before, so either answer is true; neither opens anything.
  expect([200, 401]).toContain(status)
  for (const url of [two.a, two.b]) {
    for (const accessToken of [user.accessToken, body.accessToken ?? user.accessToken]) {
      expect(await meStatus(url, accessToken)).toBe(401)
    }
  }
  expect(outcomeOf(await refresh(body.refreshToken ?? user.refreshToken))).toBe("401 UNAUTHENTICATED")
})

test("of fifty equal refreshes at once one gets a new pair, and the session ends: somebody has a copy", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const { accessToken, refreshToken } = await register(two.a)
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from sessions for update`)

  const refreshes = crowd(two, 50, (url) => rest(url, "POST", "/auth/refresh", { body: { refreshToken } }))
  // On each instance two of one user's run at the same time.
  await lock.untilWaiting(4)
  await lock.release()

  const replies = await Promise.all(refreshes)
  expect(countBy(replies, outcomeOf)).toEqual({ "200": 1, "401 UNAUTHENTICATED": 49 })
  const pair = replies.find(({ status }) => status === 200)?.body
  for (const url of [two.a, two.b]) {
    expect(await meStatus(url, accessToken)).toBe(401)
    expect(await meStatus(url, pair.accessToken)).toBe(401)
  }
  const next = await rest(two.b, "POST", "/auth/refresh", { body: { refreshToken: pair.refreshToken } })
  expect(outcomeOf(next)).toBe("401 UNAUTHENTICATED")
})

test("of fifty equal registrations at once one is made, and its password is the one that counts", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const email = "ada@company.tld"
  const lock = await holdLock(
    two.databaseUrl,
    (sql) => sql`insert into users (email, password_hash) values (${email}, 'of the test')`,
  )

  const registrations = crowd(two, 50, async (url) => {
    const password = randomUUID()
    const reply = await rest(url, "POST", "/auth/register", { body: { email, password } })
    return { ...reply, password }
  })
  await lock.untilWaiting(AT_THE_GATE)
  await lock.release()

  const replies = await Promise.all(registrations)
  expect(countBy(replies, outcomeOf)).toEqual({ "201": 1, "409 EMAIL_TAKEN": 49 })
  const [made, notMade] = replies.sort((one, other) => one.status - other.status)
  for (const [reply, outcome] of [
    [made, "200"],
    [notMade, "401 LOGIN_FAILED"],
  ] as const) {
    const body = { email, password: reply?.password }
    expect(outcomeOf(await rest(two.b, "POST", "/auth/login", { body }))).toBe(outcome)
  }
})

test("creations on two instances at once stop at the limit of keys", async () => {
  await using two = await startTwo(inject("postgresUrl"), { both: { MAX_KEYS_PER_USER: "5" } })
  const { accessToken } = await register(two.a)
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from users for update`)

  const creations = crowd(two, 20, (url) =>
    rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } }),
  )
  await lock.untilWaiting(AT_THE_GATE)
  await lock.release()

  const replies = await Promise.all(creations)
  expect(countBy(replies, outcomeOf)).toEqual({ "201": 5, "409 KEY_LIMIT_REACHED": 15 })
  const keys = replies.flatMap(({ status, body }) => (status === 201 ? [body.key as string] : []))
  for (const apiKey of keys) {
    const list = await rest(two.b, "GET", "/auth/apikeys", { apiKey })
    expect(list.body.items).toHaveLength(5)
  }
})
