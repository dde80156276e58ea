import { randomUUID } from "node:crypto"
import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest } from "../testServer.ts"
import { holdCall } from "./holdCall.ts"
import { holdLock } from "./holdLock.ts"
import { startTwo } from "./startTwo.ts"

let two: Awaited<ReturnType<typeof startTwo>>
let sql: ReturnType<typeof connect>
let admin: Awaited<ReturnType<typeof register>>
beforeAll(async () => {
  two = await startTwo(inject("postgresUrl"))
  sql = connect(two.databaseUrl)
  admin = await register(two.a)
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
})
afterAll(async () => {
  await sql.end()
  await two[Symbol.asyncDispose]()
})

async function registerWithLink() {
  const user = await register(two.a)
  const { accessToken } = admin
  const path = `/auth/admin/users/${user.user.id}/reset-link`
  const { body } = await rest(two.a, "POST", path, { accessToken })
  return { ...user, token: body.token as string }
}

const reset = (url: string, token: string, newPassword: string = randomUUID()) =>
  rest(url, "POST", "/auth/password/reset", { body: { token, newPassword } })

const canSignIn = async (email: string, password: string) =>
  (await rest(two.b, "POST", "/auth/login", { body: { email, password } })).status === 200

const lockUser = (id: string) =>
  holdLock(two.databaseUrl, (own) => own`select from owners where id = ${id} for update`)

test("a link that is used concurrently on two instances sets the password once", async () => {
  const { user, email, token } = await registerWithLink()
  const lock = await lockUser(user.id)
  const passwords = Array.from({ length: 6 }, () => randomUUID())
  const replies = passwords.map((password, index) => reset(index % 2 ? two.a : two.b, token, password))
  await lock.untilWaiting(4)
  await lock.release()

  const statuses = (await Promise.all(replies)).map(({ status }) => status)
  expect(statuses.toSorted()).toEqual([204, 404, 404, 404, 404, 404])
  for (const [index, password] of passwords.entries()) {
    expect(await canSignIn(email, password)).toBe(statuses[index] === 204)
  }
})

test("when a password change and a link are used at the same time, one sets the password and the other fails", async () => {
  const { user, email, password, accessToken, token } = await registerWithLink()
  const lock = await lockUser(user.id)
  const [changed, linked] = [randomUUID(), randomUUID()]
  const body = { currentPassword: password, newPassword: changed }
  const change = rest(two.a, "POST", "/auth/password", { accessToken, body })
  const link = reset(two.b, token, linked)
  await lock.untilWaiting(2)
  await lock.release()

  const statuses = [(await change).status, (await link).status]
  expect([
    [204, 404],
    [401, 204],
  ]).toContainEqual(statuses)
  expect([await canSignIn(email, changed), await canSignIn(email, linked)]).toEqual([
    statuses[0] === 204,
    statuses[1] === 204,
  ])
})

test.each([
  [
    "disabling the user",
    (transaction: ReservedSql, id: string) =>
      transaction`update owners set disabled_at = now() where id = ${id}`,
  ],
  [
    "a newer link",
    (transaction: ReservedSql, id: string) =>
      transaction`update account_tokens set token_hash = '\\x00' where user_id = ${id}`,
  ],
])("a link sets no password if %s comes first", async (_, end) => {
  const { user, email, password, token } = await registerWithLink()
  const newPassword = randomUUID()
  const shared = { DATABASE_URL: two.databaseUrl, AUTH_SECRET: "" }
  const held = await holdCall({ shared }, user.id, () => reset(two.b, token, newPassword))
  await end(held.transaction, user.id)
  await held.lock.commit()

  expect(await held.response).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  await sql`update owners set disabled_at = null where id = ${user.id}`
  expect([await canSignIn(email, password), await canSignIn(email, newPassword)]).toEqual([true, false])
})
