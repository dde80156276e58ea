import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest"
import { challengeOf, codeOf, registerWithApp, stopClock, wrongCodeOf } from "../accounts/authenticatorApp.ts"
import { rest } from "../testServer.ts"
import { holdCall } from "./holdCall.ts"
import { holdLock } from "./holdLock.ts"
import { startTwo } from "./startTwo.ts"

let two: Awaited<ReturnType<typeof startTwo>>
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  two = await startTwo(inject("postgresUrl"))
  sql = connect(two.databaseUrl)
})
afterAll(async () => {
  await sql.end()
  await two[Symbol.asyncDispose]()
})
beforeEach(stopClock)

const answer = (url: string, body: object) => rest(url, "POST", "/auth/login", { body })

const lockUser = (id: string) =>
  holdLock(two.databaseUrl, (own) => own`select from owners where id = ${id} for update`)

const outcome = ({ status, body }: Awaited<ReturnType<typeof rest>>) =>
  status === 200 ? "signed in" : `${body.reason} ${body.issues?.[0].path[0]}`

const countSessions = async (id: string) =>
  (await sql`select count(*)::int as live from sessions where user_id = ${id} and ended_at is null`)[0]?.live

test("a TOTP code that answers two challenges concurrently signs in once", async () => {
  const user = await registerWithApp(two.a)
  const challenges = [await challengeOf(two.a, user), await challengeOf(two.b, user)]
  const lock = await lockUser(user.user.id)
  const totp = codeOf(user.secret)
  const replies = challenges.map((challenge, index) =>
    answer(index === 0 ? two.a : two.b, { challenge, totp }),
  )
  await lock.untilWaiting(2)
  await lock.release()
  expect((await Promise.all(replies)).map(outcome).sort()).toEqual(["LOGIN_FAILED totp", "signed in"])
  expect(await countSessions(user.user.id)).toBe(2)
})

test("a challenge that is answered concurrently with two valid codes opens one session", async () => {
  const user = await registerWithApp(two.a)
  const challenge = await challengeOf(two.a, user)
  const lock = await lockUser(user.user.id)
  const replies = [
    answer(two.a, { challenge, recoveryCode: user.codes[0] }),
    answer(two.b, { challenge, recoveryCode: user.codes[1] }),
  ]
  await lock.untilWaiting(2)
  await lock.release()
  expect((await Promise.all(replies)).map(outcome).sort()).toEqual(["LOGIN_FAILED challenge", "signed in"])
  const [left] = await sql`select count(*)::int as codes from recovery_codes where user_id = ${user.user.id}`
  expect(left?.codes).toBe(9)
})

test("only five of ten concurrent wrong answers to one challenge are checked", async () => {
  const user = await registerWithApp(two.a)
  const challenge = await challengeOf(two.a, user)
  const totp = wrongCodeOf(user.secret)
  const replies = Array.from({ length: 10 }, (_, index) =>
    answer(index % 2 ? two.a : two.b, { challenge, totp }),
  )
  const outcomes = (await Promise.all(replies)).map(outcome).sort()
  expect(outcomes).toEqual([
    ...Array(5).fill("LOGIN_FAILED challenge"),
    ...Array(5).fill("LOGIN_FAILED totp"),
  ])
})

test.each([
  ["the user is disabled", "update owners set disabled_at = now() where id = $1"],
  ["the challenge is ended", "delete from sign_in_challenges where user_id = $1"],
])("an answer opens no session if %s while it is checked", async (_, statement) => {
  const user = await registerWithApp(two.a)
  const challenge = await challengeOf(two.a, user)
  const shared = { DATABASE_URL: two.databaseUrl, AUTH_SECRET: "" }
  const held = await holdCall({ shared }, user.user.id, () =>
    answer(two.b, { challenge, totp: codeOf(user.secret) }),
  )
  await held.transaction.unsafe(statement, [user.user.id])
  await held.lock.commit()
  expect(outcome(await held.response)).toBe("LOGIN_FAILED challenge")
  expect(await countSessions(user.user.id)).toBe(1)
})

test("an administrator whose second factor is removed during a call loses the authority for it", async () => {
  await using strict = await startTwo(inject("postgresUrl"), { both: { ADMIN_SECOND_FACTOR: "required" } })
  const [admin, user] = [await registerWithApp(strict.a), await registerWithApp(strict.a)]
  const own = connect(strict.databaseUrl)
  await own`update owners set role = 'admin' where id = ${admin.user.id}`
  const shared = { DATABASE_URL: strict.databaseUrl, AUTH_SECRET: "" }
  const held = await holdCall({ shared }, admin.user.id, () =>
    rest(strict.a, "POST", `/auth/admin/users/${user.user.id}/disable`, { accessToken: admin.accessToken }),
  )
  await held.transaction`delete from second_factors where user_id = ${admin.user.id}`
  await held.lock.commit()
  expect(await held.response).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  const [row] = await own`select disabled_at from owners where id = ${user.user.id}`
  expect(row?.disabled_at).toBeNull()
  await own.end()
})
