import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"

let first: Awaited<ReturnType<typeof startServerOnPostgres>>
let second: Awaited<ReturnType<typeof startTestServer>>
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  const limit = { MAX_KEYS_PER_USER: "1" }
  first = await startServerOnPostgres(inject("postgresUrl"), limit)
  second = await startTestServer({ ...first.shared, ...limit })
  sql = connect(first.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
})

interface Key {
  id: string
  accessToken: string
}

const rotate = ({ url }: { url: string }, { id, accessToken }: Key, body: object = {}) =>
  rest(url, "POST", `/auth/apikeys/${id}/rotate`, { accessToken, body })

const change = ({ url }: { url: string }, { id, accessToken }: Key, body: object) =>
  rest(url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body })

const revoke = ({ url }: { url: string }, { id, accessToken }: Key) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

const statuses = async (apiKey: string) => {
  const replies = [first, second].map(({ url }) => rest(url, "GET", "/auth/me", { apiKey }))
  return (await Promise.all(replies)).map(({ status }) => status)
}

const holdKey = ({ id }: Key) =>
  holdLock(first.shared.DATABASE_URL, (tx) => tx`select 1 from api_keys where id = ${id} for update`)

const successorsOf = ({ id }: Key) => sql`select id, label, expires_at from api_keys where replaces = ${id}`

test("without a grace period, every instance rejects the old key once the rotation is answered, which waits until it is certain", async () => {
  const user = await registerWithKey(first.url)
  // Holds the rotation between its rows and its event.
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (tx) => tx`lock table audit_events in exclusive mode`,
  )
  const rotating = rotate(first, user, { grace: 0 })
  await lock.untilWaiting(1)
  expect(await statuses(user.apiKey)).toEqual([200, 200])
  expect(await successorsOf(user)).toEqual([])

  await lock.release()
  const { status, body } = await rotating
  expect(status).toBe(201)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
  expect(await statuses(body.key)).toEqual([200, 200])
})

test("a revocation wins over a rotation that waits for it", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const revoking = revoke(second, user)
  await lock.untilWaiting(1)
  const rotating = rotate(first, user)
  await lock.untilWaiting(2)
  await lock.release()

  expect((await revoking).status).toBe(204)
  expect(await rotating).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  expect(await successorsOf(user)).toEqual([])
})

test("a revocation that waits for a rotation revokes the old key at once, and not the new one", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const rotating = rotate(first, user)
  await lock.untilWaiting(1)
  const revoking = revoke(second, user)
  await lock.untilWaiting(2)
  await lock.release()

  const { status, body } = await rotating
  expect([status, (await revoking).status]).toEqual([201, 204])
  expect(await statuses(user.apiKey)).toEqual([401, 401])
  expect(await statuses(body.key)).toEqual([200, 200])
})

test.each([86_400, 0])(
  "of two rotations at once with a grace of %i s, on two instances, one replaces the key",
  async (grace) => {
    const user = await registerWithKey(first.url)
    const lock = await holdKey(user)
    const rotating = [rotate(first, user, { grace }), rotate(second, user, { grace })]
    await lock.untilWaiting(2)
    await lock.release()

    const replies = await Promise.all(rotating)
    const refusal = grace > 0 ? 409 : 404
    expect(replies.map(({ status }) => status).sort()).toEqual([201, refusal])
    expect(replies.find(({ status }) => status !== 201)?.body.reason).toBe(
      grace > 0 ? "ALREADY_REPLACED" : "NOT_FOUND",
    )
    expect(await successorsOf(user)).toHaveLength(1)
  },
)

test("a rotation that waits for a change copies what it has changed", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const changing = change(first, user, { label: "renamed", allowedIps: ["203.0.113.0/24"], disabled: true })
  await lock.untilWaiting(1)
  const rotating = rotate(second, user)
  await lock.untilWaiting(2)
  await lock.release()

  expect((await changing).status).toBe(200)
  const copied = { label: "renamed", allowedIps: ["203.0.113.0/24"], disabled: true }
  expect(await rotating).toMatchObject({ status: 201, body: copied })
})

test("a change that waits for a rotation can't extend the grace period", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const rotating = rotate(first, user, { grace: 60 })
  await lock.untilWaiting(1)
  const changing = change(second, user, { expiresAt: "2999-01-01" })
  await lock.untilWaiting(2)
  await lock.release()

  expect((await rotating).status).toBe(201)
  expect(await changing).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
  const [row] =
    await sql`select expires_at < now() + interval '61 s' as ends from api_keys where id = ${user.id}`
  expect(row).toEqual({ ends: true })
})

test("a rotation and a creation compete at the limit of keys: the new key gets the place of the old one", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const rotating = rotate(first, user)
  await lock.untilWaiting(1)
  const creating = rest(second.url, "POST", "/auth/apikeys", {
    accessToken: user.accessToken,
    body: { label: "one too many" },
  })
  await lock.untilWaiting(2)
  await lock.release()

  expect((await rotating).status).toBe(201)
  expect(await creating).toMatchObject({ status: 409, body: { reason: "KEY_LIMIT_REACHED" } })
})

test("a bcrypt that is running when its key is replaced does not make the key valid again", async () => {
  const user = await registerWithKey(first.url)
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  // Holds the receipt of the bcrypt back.
  const lock = await holdKey(user)
  const rotating = rotate(second, user, { grace: 0 })
  await lock.untilWaiting(1)
  const verifying = rest(first.url, "GET", "/auth/me", { apiKey: user.apiKey })
  await lock.untilWaiting(2)
  await lock.release()

  expect((await rotating).status).toBe(201)
  expect((await verifying).status).toBe(401)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})

test("a rotation while both keys of a chain are being marked as used: no deadlock", async () => {
  // Uses are marked in the order of ids.
  let user = await registerWithKey(first.url)
  let newer = (await rotate(first, user)).body
  while (user.id > newer.id) {
    user = await registerWithKey(first.url)
    newer = (await rotate(first, user)).body
  }
  let transaction: ReservedSql | undefined
  const lock = await holdLock(first.shared.DATABASE_URL, (own) => {
    transaction = own
    return own`select 1 from api_keys where id = ${user.id} for no key update`
  })
  const rotating = rotate(first, { ...user, id: newer.id })
  await lock.untilWaiting(1)
  if (!transaction) throw new TypeError("no transaction")
  await transaction`select 1 from api_keys where id = ${newer.id} for no key update`
  await lock.commit()

  expect((await rotating).status).toBe(201)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})

test("others who try to rotate a key don't wait for its locks", async () => {
  const [user, other] = [await registerWithKey(first.url), await registerWithKey(first.url)]
  const held = await holdKey(user)
  expect((await rotate(first, { id: user.id, accessToken: other.accessToken })).status).toBe(404)
  await held.release()
})
