import { expect, test } from "vitest"
import { holdLock } from "../races/holdLock.ts"
import { newSecret, rest, startTestServer } from "../testServer.ts"
import { onBehalfOf, outcomeOf, useOwnerTokens } from "./useOwnerTokens.ts"

const tokens = useOwnerTokens()

test.each(["disable", "erase"])("a token ends with the %s of its owner", async (action) => {
  const { accessToken, subject } = await tokens.newToken()
  expect((await tokens.list(accessToken)).status).toBe(200)
  const ended = await rest(tokens.url, "POST", `/auth/admin/users/${action}`, {
    apiKey: tokens.bootstrap,
    body: { issuer: "host", subject },
  })
  expect(ended.status).toBe(204)
  expect((await tokens.list(accessToken)).status).toBe(401)
  expect((await tokens.mint(tokens.bootstrap, onBehalfOf(subject))).status).toBe(403)
})

test("a token ends with the key that created it", async () => {
  const manager = await tokens.newManager()
  const { accessToken } = await tokens.newToken({}, { apiKey: manager.key })
  expect((await tokens.list(accessToken)).status).toBe(200)

  await tokens.setAdministrator("user")
  expect((await tokens.list(accessToken)).status).toBe(401)
  await tokens.setAdministrator("admin")
  expect((await tokens.list(accessToken)).status).toBe(200)
  await tokens.sql`update api_keys set checks = array['scopes', 'moonPhase'] where id = ${manager.id}`
  expect((await tokens.list(accessToken)).status).toBe(503)
  await tokens.sql`update api_keys set checks = array['scopes'] where id = ${manager.id}`

  await rest(tokens.url, "DELETE", `/auth/apikeys/${manager.id}`, { accessToken: tokens.admin })
  expect((await tokens.list(accessToken)).status).toBe(401)
  expect((await tokens.create(accessToken)).status).toBe(401)
})

test("a token ends with the configured key that created it, and survives a rotation of the server's secret", async () => {
  const { accessToken } = await tokens.newToken()
  const { AUTH_SECRET: _, ...others } = tokens.variables
  const next = newSecret()
  {
    await using rotated = await startTestServer({
      ...others,
      AUTH_SECRET: next,
      AUTH_SECRET_PREVIOUS: tokens.secret,
    })
    expect((await tokens.create(accessToken, { label: "x" }, rotated.url)).status).toBe(201)
    expect((await tokens.mint(tokens.bootstrap, onBehalfOf("org_1"), {}, rotated.url)).status).toBe(201)
  }
  {
    await using forgotten = await startTestServer({ ...others, AUTH_SECRET: next })
    expect((await tokens.list(accessToken, forgotten.url)).status).toBe(401)
  }
  {
    const other = { ...others, BOOTSTRAP_KEY: newSecret(), AUTH_SECRET: tokens.secret }
    await using reconfigured = await startTestServer(other)
    expect((await tokens.list(accessToken, reconfigured.url)).status).toBe(401)
  }
  {
    await using elsewhere = await startTestServer({
      ...others,
      AUTH_SECRET: tokens.secret,
      SERVED_ISSUERS: "shop",
    })
    expect((await tokens.list(accessToken, elsewhere.url)).status).toBe(401)
  }
  expect((await tokens.list(accessToken)).status).toBe(200)
})

test.each([
  ["the owner is disabled", "disabled_at = now()", "host"],
  ["the key that made it is revoked", "", "manager"],
] as const)("a change by token is not made if %s after the call was authenticated", async (_, __, ended) => {
  const manager = await tokens.newManager()
  const token = await tokens.newToken({}, { apiKey: manager.key })
  const { body } = await tokens.create(token.accessToken)
  const change = () => tokens.create(token.accessToken, { label: "late" })
  await expectNothing(token.subject, change, (transaction) =>
    ended === "host"
      ? transaction`update owners set disabled_at = now() where subject = ${token.subject}`
      : transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${manager.id}`,
  )
  const keys =
    await tokens.sql`select id from api_keys where owner_id = (select id from owners where subject = ${token.subject})`
  expect(keys).toEqual([{ id: body.id }])
})

test("no token is created if the owner is disabled, or the key revoked, after the call was authenticated", async () => {
  for (const ended of ["owner", "key"] as const) {
    const manager = await tokens.newManager()
    const { subject } = await tokens.newToken({}, { apiKey: manager.key })
    await expectNothing(
      subject,
      () => tokens.mint(manager.key, onBehalfOf(subject)),
      (transaction) =>
        ended === "owner"
          ? transaction`update owners set disabled_at = now() where subject = ${subject}`
          : transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${manager.id}`,
    )
    const events = await tokens.sql`select kind from audit_events
      where owner_id = (select id from owners where subject = ${subject})`
    expect(events).toEqual([{ kind: "ownerTokenCreated" }])
  }
})

type Transaction = Parameters<Parameters<typeof holdLock>[1]>[0]

/** Holds a call after its authentication by locking its owner, and ends its authority meanwhile. */
async function expectNothing(
  subject: string,
  call: () => ReturnType<typeof rest>,
  end: (transaction: Transaction) => Promise<unknown>,
) {
  let transaction: Transaction | undefined
  const lock = await holdLock(tokens.variables.DATABASE_URL, (own) => {
    transaction = own
    return own`select from owners where subject = ${subject} for update`
  })
  if (!transaction) throw new TypeError("no transaction")
  const response = call()
  await lock.untilWaiting(1)
  await end(transaction)
  await lock.commit()
  expect(outcomeOf(await response)).toBe("401 UNAUTHENTICATED")
}
