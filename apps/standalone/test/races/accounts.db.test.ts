import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, rest } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"
import { startTwo } from "./startTwo.ts"

/** The number of calls that must wait for the lock before it is released. */
const MIN_WAITING = 6

/**
 * Starts `count` calls, half of them on each instance. On a busy machine, some wait too long: a call that is refused
 * without having begun is repeated.
 */
const callBoth = <T extends Awaited<ReturnType<typeof rest>>>(
  { a, b }: { a: string; b: string },
  count: number,
  call: (url: string) => Promise<T>,
) =>
  Array.from({ length: count }, async (_, index) => {
    const url = index % 2 === 0 ? a : b
    let reply = await call(url)
    while (reply.status === 503 && !reply.body.begun) reply = await call(url)
    return reply
  })

function countBy<T>(items: readonly T[], name: (item: T) => string) {
  const counts: Record<string, number> = {}
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1
  return counts
}

const describeOutcome = ({ status, body }: Awaited<ReturnType<typeof rest>>) =>
  `${status} ${body?.reason ?? ""}`.trim()

const fetchStatus = async (url: string, accessToken: string) =>
  (await rest(url, "GET", "/auth/me", { accessToken })).status

test("a user who is disabled during a refresh gets no working token", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const user = await register(two.a)
  const refresh = (refreshToken: string) => rest(two.b, "POST", "/auth/refresh", { body: { refreshToken } })
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from sessions for update`)

  const inFlight = refresh(user.refreshToken)
  await lock.untilWaiting(1)
  const sql = connect(two.databaseUrl)
  await sql`update owners set disabled_at = now() where id = ${user.user.id}`
  await sql.end()
  await lock.release()

  const { status, body } = await inFlight
  // The refresh began before, so either status is valid, but no token may work.
  expect([200, 401]).toContain(status)
  for (const url of [two.a, two.b]) {
    for (const accessToken of [user.accessToken, body.accessToken ?? user.accessToken]) {
      expect(await fetchStatus(url, accessToken)).toBe(401)
    }
  }
  expect(describeOutcome(await refresh(body.refreshToken ?? user.refreshToken))).toBe("401 UNAUTHENTICATED")
})

test("50 concurrent refreshes with one token give one new pair, and the reuse ends the session", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const { accessToken, refreshToken } = await register(two.a)
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from sessions for update`)

  const refreshes = callBoth(two, 50, (url) => rest(url, "POST", "/auth/refresh", { body: { refreshToken } }))
  // Each instance runs at most two calls of one user concurrently.
  await lock.untilWaiting(4)
  await lock.release()

  const replies = await Promise.all(refreshes)
  expect(countBy(replies, describeOutcome)).toEqual({ "200": 1, "401 UNAUTHENTICATED": 49 })
  const pair = replies.find(({ status }) => status === 200)?.body
  for (const url of [two.a, two.b]) {
    expect(await fetchStatus(url, accessToken)).toBe(401)
    expect(await fetchStatus(url, pair.accessToken)).toBe(401)
  }
  const next = await rest(two.b, "POST", "/auth/refresh", { body: { refreshToken: pair.refreshToken } })
  expect(describeOutcome(next)).toBe("401 UNAUTHENTICATED")
})

test("50 concurrent registrations of one email create one account, with the successful one's password", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const email = "ada@company.tld"
  const lock = await holdLock(
    two.databaseUrl,
    (sql) => sql`
      insert into owners (id, issuer, subject, email, password_hash)
      select id, 'latchkey', id::text, ${email}, 'of the test' from gen_random_uuid() id`,
  )

  const registrations = callBoth(two, 50, async (url) => {
    const password = randomUUID()
    const reply = await rest(url, "POST", "/auth/register", { body: { email, password } })
    return { ...reply, password }
  })
  await lock.untilWaiting(MIN_WAITING)
  await lock.release()

  const replies = await Promise.all(registrations)
  expect(countBy(replies, describeOutcome)).toEqual({ "201": 1, "409 EMAIL_TAKEN": 49 })
  const [created, refused] = replies.sort((one, other) => one.status - other.status)
  for (const [reply, outcome] of [
    [created, "200"],
    [refused, "401 LOGIN_FAILED"],
  ] as const) {
    const body = { email, password: reply?.password }
    expect(describeOutcome(await rest(two.b, "POST", "/auth/login", { body }))).toBe(outcome)
  }
})

test("concurrent creations on two instances stop at the key limit", async () => {
  await using two = await startTwo(inject("postgresUrl"), { both: { MAX_KEYS_PER_USER: "5" } })
  const { accessToken } = await register(two.a)
  const lock = await holdLock(two.databaseUrl, (sql) => sql`select from owners for update`)

  const creations = callBoth(two, 20, (url) =>
    rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } }),
  )
  await lock.untilWaiting(MIN_WAITING)
  await lock.release()

  const replies = await Promise.all(creations)
  expect(countBy(replies, describeOutcome)).toEqual({ "201": 5, "409 KEY_LIMIT_REACHED": 15 })
  const keys = replies.flatMap(({ status, body }) => (status === 201 ? [body.key as string] : []))
  for (const apiKey of keys) {
    const list = await rest(two.b, "GET", "/auth/apikeys", { apiKey })
    expect(list.body.items).toHaveLength(5)
  }
})
