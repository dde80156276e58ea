import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"

let first: Awaited<ReturnType<typeof startServerOnPostgres>>
let second: Awaited<ReturnType<typeof startTestServer>>
let sql: ReturnType<typeof connect>
let admin: string
beforeAll(async () => {
  first = await startServerOnPostgres(inject("postgresUrl"))
  second = await startTestServer(first.shared)
  sql = connect(first.shared.DATABASE_URL)
  const { user, accessToken } = await register(first.url)
  await sql`update owners set role = 'admin' where id = ${user.id}`
  admin = accessToken
})
afterAll(async () => {
  await sql.end()
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
})

type User = Awaited<ReturnType<typeof registerWithKey>>

const revokeWhere = ({ url }: { url: string }, body: object) =>
  rest(url, "POST", "/auth/admin/apikeys/revoke-where", { accessToken: admin, body })

/** Previews the revocation of a user's keys. */
async function preview({ user }: User) {
  const where = { subject: user.id }
  const { body } = await revokeWhere(first, { where, preview: true })
  return { where, confirm: body.confirm as string, count: body.count as number }
}

const confirm = (server: { url: string }, { where, confirm }: Awaited<ReturnType<typeof preview>>) =>
  revokeWhere(server, { where, confirm })

const revoke = ({ url }: { url: string }, { id, accessToken }: User) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

const rotate = ({ url }: { url: string }, { id, accessToken }: User, body: object = {}) =>
  rest(url, "POST", `/auth/apikeys/${id}/rotate`, { accessToken, body })

const report = ({ url }: { url: string }, key: string) =>
  rest(url, "POST", "/auth/apikeys/leaked", { body: { key } })

const statuses = async (apiKey: string) => {
  const replies = [first, second].map(({ url }) => rest(url, "GET", "/auth/me", { apiKey }))
  return (await Promise.all(replies)).map(({ status }) => status)
}

const holdKey = ({ id }: User) =>
  holdLock(first.shared.DATABASE_URL, (tx) => tx`select 1 from api_keys where id = ${id} for update`)

const eventsOf = ({ id }: User) =>
  sql`select kind from audit_events where subject_id = ${id} and kind in ('apiKeyRevoked', 'apiKeyLeaked')`

test("a key whose creation ends after a mass revocation stays, and the next preview finds it", async () => {
  const user = await registerWithKey(first.url)
  // Blocks changes by the owner, but no events about them.
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (tx) => tx`select 1 from owners where id = ${user.user.id} for no key update`,
  )
  const { accessToken } = user
  const creating = rest(second.url, "POST", "/auth/apikeys", { accessToken, body: { label: "late" } })
  await lock.untilWaiting(1)
  expect(await confirm(first, await preview(user))).toMatchObject({ status: 200, body: { revoked: 1 } })
  await lock.release()

  expect(await statuses(user.apiKey)).toEqual([401, 401])
  const { status, body } = await creating
  expect(status).toBe(201)
  expect(await statuses(body.key)).toEqual([200, 200])
  const next = await preview(user)
  expect(next.count).toBe(1)
  expect(await confirm(second, next)).toMatchObject({ body: { revoked: 1 } })
  expect(await statuses(body.key)).toEqual([401, 401])
})

test("a mass revocation that waits for a rotation revokes the new key too", async () => {
  for (const grace of [60, 0]) {
    const user = await registerWithKey(first.url)
    const lock = await holdKey(user)
    const rotating = rotate(first, user, { grace })
    await lock.untilWaiting(1)
    const revoking = confirm(second, await preview(user))
    await lock.untilWaiting(2)
    await lock.release()

    const { status, body } = await rotating
    expect([status, (await revoking).status]).toEqual([201, 200])
    expect(await statuses(user.apiKey)).toEqual([401, 401])
    expect(await statuses(body.key)).toEqual([401, 401])
  }
})

test("a key that is rotated between the preview and its confirmation can't escape", async () => {
  for (const grace of [60, 0]) {
    const user = await registerWithKey(first.url)
    const previewed = await preview(user)
    const { body: second } = await rotate(first, user, { grace })
    const { body: third } = await rotate(first, { ...user, id: second.id }, { grace })

    expect((await confirm(first, previewed)).status).toBe(200)
    for (const key of [user.apiKey, second.key, third.key]) expect(await statuses(key)).toEqual([401, 401])
  }
})

test("a rotation that waits for a mass revocation finds no key", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const revoking = confirm(first, await preview(user))
  await lock.untilWaiting(1)
  const rotating = rotate(second, user)
  await lock.untilWaiting(2)
  await lock.release()

  expect(await revoking).toMatchObject({ status: 200, body: { revoked: 1 } })
  expect(await rotating).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
})

test("when a single and a mass revocation compete for a key, it is revoked once, with one event", async () => {
  const calls = [
    (user: User) => revoke(first, user),
    async (user: User) => confirm(second, await preview(user)),
  ]
  for (const [earlier, later] of [calls, calls.toReversed()]) {
    const user = await registerWithKey(first.url)
    const lock = await holdKey(user)
    const answers = [earlier?.(user)]
    await lock.untilWaiting(1)
    answers.push(later?.(user))
    await lock.untilWaiting(2)
    await lock.release()

    const replies = await Promise.all(answers)
    const expected =
      earlier === calls[0]
        ? [
            [204, undefined],
            [200, 0],
          ]
        : [
            [200, 1],
            [404, undefined],
          ]
    expect(replies.map((reply) => [reply?.status, reply?.body?.revoked])).toEqual(expected)
    expect(await statuses(user.apiKey)).toEqual([401, 401])
    expect(await eventsOf(user)).toHaveLength(1)
  }
})

test("the same confirmation on two instances at once revokes each key once", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const previewed = await preview(user)
  const revoking = [confirm(first, previewed), confirm(second, previewed)]
  await lock.untilWaiting(2)
  await lock.release()

  for (const reply of await Promise.all(revoking)) {
    expect(reply).toMatchObject({ status: 200, body: { revoked: 1 } })
  }
  expect(await eventsOf(user)).toHaveLength(1)
})

test("a report of a leaked key that waits for its rotation revokes the old key at once, and not the new one", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const rotating = rotate(first, user)
  await lock.untilWaiting(1)
  const reporting = report(second, user.apiKey)
  await lock.untilWaiting(2)
  await lock.release()

  const { status, body } = await rotating
  expect([status, (await reporting).status]).toEqual([201, 202])
  expect(await statuses(user.apiKey)).toEqual([401, 401])
  expect(await statuses(body.key)).toEqual([200, 200])
  expect(await eventsOf(user)).toEqual([{ kind: "apiKeyLeaked" }])
})

test("a rotation that waits for a report of its key as leaked finds no key", async () => {
  const user = await registerWithKey(first.url)
  const lock = await holdKey(user)
  const reporting = report(second, user.apiKey)
  await lock.untilWaiting(1)
  const rotating = rotate(first, user)
  await lock.untilWaiting(2)
  await lock.release()

  expect((await reporting).status).toBe(202)
  expect(await rotating).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})
