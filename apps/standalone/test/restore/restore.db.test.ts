import { randomUUID } from "node:crypto"
import { cp, rm } from "node:fs/promises"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { challengeOf, codeOf, registerWithApp, setUpApp, stopClock } from "../accounts/authenticatorApp.ts"
import { register, registerWithKey, rest, startTestServer } from "../testServer.ts"
import { createRestorable } from "./restorable.ts"

const serverUrl = inject("postgresUrl")

const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status
const login = async (url: string, { email, password }: { email: string; password: string }) =>
  rest(url, "POST", "/auth/login", { body: { email, password } })
const refresh = async (url: string, refreshToken: string) =>
  rest(url, "POST", "/auth/refresh", { body: { refreshToken } })

async function inTurn<Result>(times: number, run: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  while (results.length < times) results.push(await run())
  return results
}

test("a restored backup gives back nothing that was taken away since", async () => {
  await using restorable = await createRestorable(serverUrl)
  const sql = connect(restorable.variables.DATABASE_URL)
  const first = await restorable.start()
  const admin = await register(first.url)
  const [revoked, disabledKey, narrowed, rotated, disabled, erased, enabled, changed, used, kept, byHand] =
    await inTurn(11, () => registerWithKey(first.url))
  if (!revoked || !disabledKey || !narrowed || !rotated || !disabled || !erased) throw new Error("missing")
  if (!enabled || !changed || !used || !kept || !byHand) throw new Error("missing")
  await sql`update owners set disabled_at = now() where id = ${enabled.user.id}`
  await sql.end()
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()

  const second = await restorable.start({ ADMIN_EMAILS: admin.email })
  const call = (method: string, path: string, accessToken: string, body?: object) =>
    rest(second.url, method, path, { accessToken, ...(body && { body }) })
  const key = (user: { id: string }) => `/auth/apikeys/${user.id}`
  const statuses = [
    await call("DELETE", key(revoked), revoked.accessToken),
    await call("PATCH", key(disabledKey), disabledKey.accessToken, { disabled: true }),
    await call("PATCH", key(narrowed), narrowed.accessToken, { allowedIps: ["203.0.113.0/24"], scopes: [] }),
    await call("POST", `${key(rotated)}/rotate`, rotated.accessToken, { grace: 0 }),
    await call("POST", `/auth/admin/users/${disabled.user.id}/disable`, admin.accessToken),
    await call("DELETE", `/auth/admin/users/${erased.user.id}`, admin.accessToken),
    await call("POST", `/auth/admin/users/${enabled.user.id}/enable`, admin.accessToken),
    await call("POST", "/auth/password", changed.accessToken, {
      currentPassword: changed.password,
      newPassword: randomUUID(),
    }),
    await refresh(second.url, used.refreshToken),
  ].map(({ status }) => status)
  expect(statuses).toEqual([204, 200, 200, 201, 204, 204, 204, 204, 200])
  const later = connect(restorable.variables.DATABASE_URL)
  await later`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${byHand.id}`
  await later.end()
  await second[Symbol.asyncDispose]()

  await using restored = await restorable.start({ DATABASE_URL: backup })
  expect(restored.log.join("")).toContain("the database lacked changes that the restore log has")
  for (const user of [revoked, disabledKey, narrowed, rotated, disabled, erased, byHand]) {
    expect(await keyStatus(restored.url, user)).toBe(401)
  }
  for (const user of [enabled, changed, used, kept]) {
    expect(await keyStatus(restored.url, user)).toBe(200)
  }
  expect((await login(restored.url, changed)).status).toBe(401)
  expect((await refresh(restored.url, used.refreshToken)).status).toBe(401)
  // All sessions have ended, and whose password is the same signs in again.
  const { status } = await rest(restored.url, "GET", "/auth/me", { accessToken: kept.accessToken })
  expect(status).toBe(401)
  expect((await login(restored.url, kept)).status).toBe(200)
  expect((await login(restored.url, erased)).status).toBe(401)
  expect((await login(restored.url, enabled)).status).toBe(200)
})

test("only a used refresh token: the restored backup refuses it", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const { refreshToken } = await register(first.url)
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const second = await restorable.start()
  expect((await refresh(second.url, refreshToken)).status).toBe(200)
  await second[Symbol.asyncDispose]()

  await using restored = await restorable.start({ DATABASE_URL: backup })
  expect((await refresh(restored.url, refreshToken)).status).toBe(401)
})

test("a second restore, and a restart after it, find the log in step", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const [one, two] = [await registerWithKey(first.url), await registerWithKey(first.url)]
  await first[Symbol.asyncDispose]()
  const [backup, again] = [await restorable.backUp(), await restorable.backUp()]
  const revoke = async (url: string, { id, accessToken }: typeof one) =>
    (await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status
  const second = await restorable.start()
  expect(await revoke(second.url, one)).toBe(204)
  await second[Symbol.asyncDispose]()

  const third = await restorable.start({ DATABASE_URL: backup })
  expect(await keyStatus(third.url, one)).toBe(401)
  const { body } = await login(third.url, two)
  expect(await revoke(third.url, { ...two, accessToken: body.accessToken })).toBe(204)
  await third[Symbol.asyncDispose]()
  const fourth = await restorable.start({ DATABASE_URL: backup })
  expect(fourth.log.join("")).not.toContain("lacked changes")
  await fourth[Symbol.asyncDispose]()

  await using fifth = await restorable.start({ DATABASE_URL: again })
  expect([await keyStatus(fifth.url, one), await keyStatus(fifth.url, two)]).toEqual([401, 401])
})

test("a restored folder of the embedded database", async () => {
  const data = await newMigratedEmbeddedFolder()
  const [copy, log] = [`${data}-copy`, `${data}-log`]
  onTestFinished(async () => {
    for (const folder of [data, copy, log]) await rm(folder, { recursive: true })
  })
  const variables = { DATA_DIR: data, RESTORE_LOG: log }
  const first = await startTestServer(variables)
  const user = await registerWithKey(first.url)
  await first[Symbol.asyncDispose]()
  await cp(data, copy, { recursive: true })
  const second = await startTestServer(variables)
  const { id, accessToken } = user
  expect((await rest(second.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)
  await second[Symbol.asyncDispose]()

  await using restored = await startTestServer({ ...variables, DATA_DIR: copy })
  expect(restored.log.join("")).toContain("applied: 1 keys revoked")
  expect(await keyStatus(restored.url, user)).toBe(401)
})

test("second factors: used recovery codes end, a removed factor goes, a new one ends the password, and a setup can't be completed", async () => {
  await using restorable = await createRestorable(serverUrl)
  stopClock()
  const first = await restorable.start()
  const [used, removed, fresh, kept, begun] = [
    await registerWithApp(first.url),
    await registerWithApp(first.url),
    await register(first.url),
    await registerWithApp(first.url),
    await register(first.url),
  ]
  const setup = await rest(first.url, "POST", "/auth/second-factor", {
    accessToken: begun.accessToken,
    body: { currentPassword: begun.password },
  })
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const second = await restorable.start()
  const signIn = async (url: string, user: typeof used, answer: object) => {
    const challenge = await challengeOf(url, user)
    return rest(url, "POST", "/auth/login", {
      body: { email: user.email, password: user.password, challenge, ...answer },
    })
  }
  const recovery = { recoveryCode: used.codes[0] }
  expect((await signIn(second.url, used, recovery)).status).toBe(200)
  const { accessToken, password } = removed
  const body = { currentPassword: password, totp: codeOf(removed.secret) }
  expect((await rest(second.url, "POST", "/auth/second-factor/remove", { accessToken, body })).status).toBe(
    204,
  )
  await setUpApp(second.url, fresh)
  await second[Symbol.asyncDispose]()

  await using restored = await restorable.start({ DATABASE_URL: backup })
  expect((await signIn(restored.url, used, recovery)).status).toBe(401)
  expect((await signIn(restored.url, used, { totp: codeOf(used.secret) })).status).toBe(200)
  expect((await login(restored.url, removed)).status).toBe(200)
  expect(await login(restored.url, fresh)).toMatchObject({ status: 401, body: { reason: "LOGIN_FAILED" } })
  expect((await signIn(restored.url, kept, { recoveryCode: kept.codes[0] })).status).toBe(200)
  // The password with which it was begun may have been changed since.
  const completion = await rest(restored.url, "POST", "/auth/second-factor/confirm", {
    accessToken: (await login(restored.url, begun)).body.accessToken,
    body: { totp: codeOf(setup.body.secret) },
  })
  expect(completion.status).toBe(404)
})
