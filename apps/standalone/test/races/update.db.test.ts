import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"

let first: Awaited<ReturnType<typeof startServerOnPostgres>>
let second: Awaited<ReturnType<typeof startTestServer>>
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  first = await startServerOnPostgres(inject("postgresUrl"))
  second = await startTestServer(first.shared)
  sql = connect(first.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
})

type User = Awaited<ReturnType<typeof registerWithKey>>

const change = (url: string, { id, accessToken }: User, body: object) =>
  rest(url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body })

const statuses = async ({ apiKey }: User) => {
  const replies = [first, second].map(({ url }) => rest(url, "GET", "/auth/me", { apiKey }))
  return (await Promise.all(replies)).map(({ status }) => status)
}

test("a key is rejected by every instance once disabling it is answered, which waits until it is certain", async () => {
  const user = await registerWithKey(first.url)
  // Holds the change between its row and its event.
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (tx) => tx`lock table audit_events in exclusive mode`,
  )
  const disabling = change(first.url, user, { disabled: true })
  await lock.untilWaiting(1)
  expect(await statuses(user)).toEqual([200, 200])

  await lock.release()
  expect((await disabling).status).toBe(200)
  expect(await statuses(user)).toEqual([401, 401])

  expect((await change(second.url, user, { disabled: false })).status).toBe(200)
  expect(await statuses(user)).toEqual([200, 200])
})

test("a revocation wins over a change that waits for it", async () => {
  const user = await registerWithKey(first.url)
  const revocation = await holdLock(
    first.shared.DATABASE_URL,
    (tx) =>
      tx`update api_keys set revoked_at = now(), key_hash = null, receipt = null, receipt_secret_id = null
        where id = ${user.id}`,
  )
  const changing = change(first.url, user, { label: "late", disabled: false })
  await revocation.untilWaiting(1)
  await revocation.commit()

  expect(await changing).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  const [row] = await sql`select label, key_hash from api_keys where id = ${user.id}`
  expect(row).toEqual({ label: "x", key_hash: null })
  expect(
    await sql`select 1 from audit_events where subject_id = ${user.id} and kind = 'apiKeyUpdated'`,
  ).toHaveLength(0)
})

/** Lets a verification and a change of the key wait for its row, one after the other, and then go on. */
async function race(user: User, order: "verification" | "change", body: object) {
  // So that the verification has to write the receipt of its bcrypt.
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (tx) => tx`select 1 from api_keys where id = ${user.id} for update`,
  )
  const begin = {
    verification: () => rest(first.url, "GET", "/auth/me", { apiKey: user.apiKey }),
    change: () => change(second.url, user, body),
  }
  const former = begin[order]()
  await lock.untilWaiting(1)
  const latter = begin[order === "change" ? "verification" : "change"]()
  await lock.untilWaiting(2)
  await lock.release()
  const [changed, verified] = order === "change" ? [former, latter] : [latter, former]
  expect((await changed).status).toBe(200)
  return (await verified).status
}

test.each([
  { order: "report, change", expected: [202, 404] },
  { order: "change, report", expected: [200, 202] },
])(
  "a disabled key that is enabled and reported as leaked at once stays revoked: $order",
  async ({ order, expected }) => {
    const user = await registerWithKey(first.url)
    expect((await change(first.url, user, { disabled: true })).status).toBe(200)
    const calls = [
      () => rest(second.url, "POST", "/auth/apikeys/leaked", { body: { key: user.apiKey } }),
      () => change(first.url, user, { disabled: false }),
    ]
    if (order === "change, report") calls.reverse()
    const lock = await holdLock(
      first.shared.DATABASE_URL,
      (tx) => tx`select from owners where id = ${user.user.id} for update`,
    )
    const replies = []
    for (const call of calls) {
      replies.push(call())
      await lock.untilWaiting(replies.length)
    }
    await lock.release()

    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual(expected)
    expect(await statuses(user)).toEqual([401, 401])
  },
)

test.each([
  ["it is disabled", { disabled: true }],
  ["it may be used from other addresses alone", { allowedIps: ["198.51.100.0/24"] }],
])("a bcrypt that is under way does not bring a key back once %s", async (_, body) => {
  for (const order of ["verification", "change"] as const) {
    const user = await registerWithKey(first.url)
    // The verification began before the change was certain, so it may go either way.
    expect([200, 401]).toContain(await race(user, order, body))
    expect(await statuses(user)).toEqual([401, 401])
  }
})

test("a running bcrypt accepts a key that is renamed meanwhile, and its receipt stays", async () => {
  for (const order of ["verification", "change"] as const) {
    const user = await registerWithKey(first.url)
    expect(await race(user, order, { label: "renamed" })).toBe(200)
    const [row] = await sql`select label, receipt is not null as proven from api_keys where id = ${user.id}`
    expect(row).toEqual({ label: "renamed", proven: true })
  }
})
