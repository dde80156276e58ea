import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { createKeyring } from "../../../packages/auth/src/crypto/keyring.ts"
import { createForge } from "../../../packages/auth/test/hostileTokens/forge.ts"
import { allProcedures, surfaces } from "./procedures.ts"
import { holdLock } from "./races/holdLock.ts"
import {
  newSecret,
  type RestCall,
  register,
  registerWithKey,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "./testServer.ts"

const ADMIN = "admin@example.com"
const WEB = "https://app.example"
const bootstrap = newSecret()
const secret = newSecret()
const variables = {
  AUTH_SECRET: secret,
  ADMIN_EMAILS: ADMIN,
  ADMIN_SUBJECTS: JSON.stringify([{ issuer: "host", subject: "boss" }]),
  BOOTSTRAP_KEY: bootstrap,
  SCOPES: "reports:read",
  CORS_ORIGINS: WEB,
}

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: ReturnType<typeof connect>
let admin: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), variables)
  sql = connect(server.shared.DATABASE_URL)
  const { body } = await rest(server.url, "POST", "/auth/register", {
    body: { email: ADMIN, password: randomUUID() },
  })
  admin = body.accessToken
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})

const onBehalfOf = (subject: string, actor?: string) => ({
  "latchkey-on-behalf-of": `host ${encodeURIComponent(subject)}`,
  ...(actor !== undefined && { "latchkey-actor": encodeURIComponent(actor) }),
})

const mint = (apiKey: string, headers: Record<string, string>, body: object = {}, url = server.url) =>
  rest(url, "POST", "/auth/owner-tokens", { apiKey, headers, body })

/** Makes a token for an owner of its own. */
async function newToken(
  body: object = {},
  { apiKey = bootstrap, actor }: { apiKey?: string; actor?: string } = {},
) {
  const subject = `org ${randomUUID()}`
  const created = await mint(apiKey, onBehalfOf(subject, actor), body)
  expect(created.status).toBe(201)
  return {
    subject,
    accessToken: created.body.accessToken as string,
    expiresAt: created.body.expiresAt as string,
  }
}

async function newManager() {
  const { body } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: admin,
    body: { label: "backend", scopes: ["latchkey:manage"] },
  })
  return body as { id: string; key: string }
}

const create = (accessToken: string, body: object = { label: "x" }, url = server.url) =>
  rest(url, "POST", "/auth/apikeys", { accessToken, body })
const list = (accessToken: string, url = server.url) => rest(url, "GET", "/auth/apikeys", { accessToken })

const outcomeOf = ({ status, body }: Awaited<ReturnType<typeof rest>>) =>
  `${status} ${body?.reason ?? "done"}`

test("a token creates, lists and revokes the keys of its owner, and of nobody else", async () => {
  const token = await newToken({}, { actor: "user_7" })
  const created = await create(token.accessToken, { label: "theirs", scopes: ["reports:read"] })
  expect(created).toMatchObject({ status: 201, body: { createdBy: "user_7", scopes: ["reports:read"] } })
  const { id, key } = created.body
  const me = await rest(server.url, "GET", "/auth/me", { apiKey: key })
  expect(me.body).toMatchObject({ issuer: "host", subject: token.subject, apiKeyId: id })

  const other = await newToken()
  expect((await list(other.accessToken)).body.items).toEqual([])
  const revoke = (accessToken: string) => rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
  expect((await revoke(other.accessToken)).status).toBe(404)
  expect((await list(token.accessToken)).body.items).toMatchObject([{ id }])
  expect((await revoke(token.accessToken)).status).toBe(204)
  expect((await rest(server.url, "GET", "/auth/me", { apiKey: key })).status).toBe(401)
})

test("a token sets nothing that the product vouches for, and locks nothing: it is in the owner's hands", async () => {
  const { accessToken } = await newToken()
  for (const product of [{ metadata: { plan: "enterprise" } }, { lock: true }, { lock: false }]) {
    expect(outcomeOf(await create(accessToken, { label: "x", ...product }))).toBe("403 FORBIDDEN")
  }
  expect((await list(accessToken)).body.items).toEqual([])
  const created = await create(accessToken, { label: "x", scopes: ["reports:read"] })
  expect(created.body).toMatchObject({ metadata: null, locked: false })
})

test("a token is short-lived, is not stored by caches, and says in the trail who made and used it", async () => {
  const manager = await newManager()
  const headers = onBehalfOf("org_trail", "user_7")
  const before = Date.now()
  const { status, headers: sent, body } = await mint(manager.key, headers, { ttl: 60 })
  expect([status, sent.get("cache-control")]).toEqual([201, "no-store"])
  expect(Object.keys(body).sort()).toEqual(["accessToken", "expiresAt"])
  const ttl = new Date(body.expiresAt).getTime() - before
  expect(ttl).toBeGreaterThan(50_000)
  expect(ttl).toBeLessThanOrEqual(61_000)
  const ttlOf = async (input: object) => (await mint(manager.key, headers, input)).status
  expect([await ttlOf({ ttl: 59 }), await ttlOf({ ttl: 901 }), await ttlOf({ manage: "write" })]).toEqual([
    400, 400, 400,
  ])
  const created = await create(body.accessToken)

  const trail = await sql`select kind, via, actor, credential_id, actor_id, subject_id from audit_events
    where owner_id = (select id from owners where subject = 'org_trail') order by created_at`
  const by = { actor: "user_7", actor_id: null, credential_id: manager.id }
  expect(trail).toEqual([
    { kind: "ownerTokenCreated", via: "apiKey", ...by, subject_id: null },
    { kind: "apiKeyCreated", via: "ownerToken", ...by, subject_id: created.body.id },
  ])
})

test("auth.me shows for whom a token is", async () => {
  const { accessToken, subject } = await newToken({}, { actor: "user_7" })
  const { body } = await rest(server.url, "GET", "/auth/me", { accessToken })
  expect(body).toMatchObject({ issuer: "host", subject, actor: "user_7", role: "user", via: "jwt" })
  expect(body.scopes).toEqual(["reports:read"])
})

test("a token that may only read changes nothing", async () => {
  const { accessToken } = await newToken({ manage: "read" })
  expect((await list(accessToken)).status).toBe(200)
  expect(outcomeOf(await create(accessToken))).toBe("403 FORBIDDEN")
  const revoked = await rest(server.url, "DELETE", `/auth/apikeys/${randomUUID()}`, { accessToken })
  expect(outcomeOf(revoked)).toBe("403 FORBIDDEN")
})

test("who may make a token", async () => {
  const user = await registerWithKey(server.url)
  const manager = await newManager()
  const { accessToken } = await newToken()
  const by = (credential: RestCall, headers: Record<string, string> = onBehalfOf("org_1")) =>
    rest(server.url, "POST", "/auth/owner-tokens", { ...credential, headers, body: {} })
  const table = {
    "the bootstrap key": outcomeOf(await by({ apiKey: bootstrap })),
    "a managing key": outcomeOf(await by({ apiKey: manager.key })),
    "a managing key without an owner": outcomeOf(await by({ apiKey: manager.key }, {})),
    "a managing key for an own account": outcomeOf(
      await by({ apiKey: manager.key }, { "latchkey-on-behalf-of": `latchkey ${user.user.id}` }),
    ),
    "a user's key": outcomeOf(await by({ apiKey: user.apiKey })),
    "an administrator": outcomeOf(await by({ accessToken: admin })),
    "an administrator without an owner": outcomeOf(await by({ accessToken: admin }, {})),
    "an owner token": outcomeOf(await by({ accessToken })),
    "an owner token without an owner": outcomeOf(await by({ accessToken }, {})),
    nobody: outcomeOf(await by({})),
  }
  expect(table).toEqual({
    "the bootstrap key": "201 done",
    "a managing key": "201 done",
    "a managing key without an owner": "403 FORBIDDEN",
    "a managing key for an own account": "403 FORBIDDEN",
    "a user's key": "403 INSUFFICIENT_SCOPE",
    "an administrator": "403 FORBIDDEN",
    "an administrator without an owner": "403 INSUFFICIENT_SCOPE",
    "an owner token": "403 FORBIDDEN",
    "an owner token without an owner": "403 FORBIDDEN",
    nobody: "401 UNAUTHENTICATED",
  })
})

/** The procedures that accept a token. */
const ACCEPTED = [
  "apiKeys.create",
  "apiKeys.get",
  "apiKeys.list",
  "apiKeys.revoke",
  "apiKeys.rotate",
  "apiKeys.update",
  "apiKeys.usage",
  "apiKeys.usageOfAll",
  "auth.me",
]
/** Those that ask for no caller. */
const WITHOUT_CALLER = ["auth.register", "auth.login", "auth.refresh", "apiKeys.reportLeaked"]

test.each(
  surfaces.flatMap(([surface, call]) =>
    allProcedures
      .filter(({ path }) => !WITHOUT_CALLER.includes(path))
      .map((procedure) => ({ surface, path: procedure.path, procedure, call })),
  ),
)(
  "over $surface, $path accepts a token only if it is about its owner's keys",
  async ({ path, procedure, call, surface }) => {
    // An administrator by configuration has no more power by a token.
    const { body } = await mint(bootstrap, onBehalfOf("boss"))
    const accepted = ACCEPTED.includes(path)
    const input = accepted ? { unknownField: 1 } : undefined
    const { status } = await call(server.url, procedure, input, { accessToken: body.accessToken })
    const refusal = surface === "REST" && procedure.operation.oauth ? 401 : 403
    expect(status).toBe(accepted ? 400 : refusal)
  },
)

test("no door of the product accepts a token", async () => {
  const { accessToken } = await newToken()
  const introspected = await rest(server.url, "POST", "/oauth/introspect", {
    apiKey: bootstrap,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `token=${accessToken}`,
  })
  expect(introspected).toMatchObject({ status: 200, body: { active: false } })
  expect(outcomeOf(await rest(server.url, "GET", "/auth/verify", { accessToken }))).toBe(
    "401 UNAUTHENTICATED",
  )
})

test("a key that a token creates has no scope of Latchkey's own", async () => {
  const { body } = await mint(bootstrap, onBehalfOf("boss"))
  for (const scope of ["latchkey:apikeys:read", "latchkey:introspect", "latchkey:manage"]) {
    const created = await create(body.accessToken, { label: "x", scopes: [scope] })
    expect(outcomeOf(created), scope).toBe("403 FORBIDDEN")
  }
})

test("a token sets nothing that only the product itself may set", async () => {
  const { accessToken, subject } = await newToken()
  for (const setting of [{ metadata: { plan: "pro" } }, { lock: true }]) {
    const body = { label: "x", ...setting }
    expect(outcomeOf(await create(accessToken, body))).toBe("403 FORBIDDEN")
    const byProduct = { apiKey: bootstrap, headers: onBehalfOf(subject), body }
    expect((await rest(server.url, "POST", "/auth/apikeys", byProduct)).status).toBe(201)
  }
})

test("a token ends when its owner is disabled", async () => {
  const { accessToken, subject } = await newToken()
  const setDisabled = (action: "disable" | "enable") =>
    rest(server.url, "POST", `/auth/admin/users/${action}`, {
      apiKey: bootstrap,
      body: { issuer: "host", subject },
    })
  expect((await list(accessToken)).status).toBe(200)
  expect((await setDisabled("disable")).status).toBe(204)
  expect((await list(accessToken)).status).toBe(401)
  expect((await mint(bootstrap, onBehalfOf(subject))).status).toBe(403)
})

test("a token ends with the key that made it", async () => {
  const manager = await newManager()
  const { accessToken } = await newToken({}, { apiKey: manager.key })
  expect((await list(accessToken)).status).toBe(200)

  await sql`update owners set role = 'user' where email = ${ADMIN}`
  expect((await list(accessToken)).status).toBe(401)
  await sql`update owners set role = 'admin' where email = ${ADMIN}`
  expect((await list(accessToken)).status).toBe(200)
  await sql`update api_keys set checks = array['scopes', 'moonPhase'] where id = ${manager.id}`
  expect((await list(accessToken)).status).toBe(503)
  await sql`update api_keys set checks = array['scopes'] where id = ${manager.id}`

  await rest(server.url, "DELETE", `/auth/apikeys/${manager.id}`, { accessToken: admin })
  expect((await list(accessToken)).status).toBe(401)
  expect((await create(accessToken)).status).toBe(401)
})

test("a token ends with the configured key that made it, and survives the rotation of the server's secret", async () => {
  const { accessToken } = await newToken()
  const { AUTH_SECRET: _, ...others } = { ...server.shared, ...variables }
  const next = newSecret()
  {
    await using rotated = await startTestServer({
      ...others,
      AUTH_SECRET: next,
      AUTH_SECRET_PREVIOUS: secret,
    })
    expect((await create(accessToken, { label: "x" }, rotated.url)).status).toBe(201)
    expect((await mint(bootstrap, onBehalfOf("org_1"), {}, rotated.url)).status).toBe(201)
  }
  {
    await using forgotten = await startTestServer({ ...others, AUTH_SECRET: next })
    expect((await list(accessToken, forgotten.url)).status).toBe(401)
  }
  {
    const other = { ...others, BOOTSTRAP_KEY: newSecret(), AUTH_SECRET: secret }
    await using reconfigured = await startTestServer(other)
    expect((await list(accessToken, reconfigured.url)).status).toBe(401)
  }
  {
    await using elsewhere = await startTestServer({ ...others, AUTH_SECRET: secret, SERVED_ISSUERS: "shop" })
    expect((await list(accessToken, elsewhere.url)).status).toBe(401)
  }
  expect((await list(accessToken)).status).toBe(200)
})

test.each([
  ["the owner is disabled", "disabled_at = now()", "host"],
  ["the key that made it is revoked", "", "manager"],
] as const)("a change by token is not made if %s after the call was authenticated", async (_, __, ended) => {
  const manager = await newManager()
  const token = await newToken({}, { apiKey: manager.key })
  const { body } = await create(token.accessToken)
  const change = () => create(token.accessToken, { label: "late" })
  await expectNothing(token.subject, change, (transaction) =>
    ended === "host"
      ? transaction`update owners set disabled_at = now() where subject = ${token.subject}`
      : transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${manager.id}`,
  )
  const keys =
    await sql`select id from api_keys where owner_id = (select id from owners where subject = ${token.subject})`
  expect(keys).toEqual([{ id: body.id }])
})

test("no token is made if the owner is disabled, or the key revoked, after the call was authenticated", async () => {
  for (const ended of ["owner", "key"] as const) {
    const manager = await newManager()
    const { subject } = await newToken({}, { apiKey: manager.key })
    await expectNothing(
      subject,
      () => mint(manager.key, onBehalfOf(subject)),
      (transaction) =>
        ended === "owner"
          ? transaction`update owners set disabled_at = now() where subject = ${subject}`
          : transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${manager.id}`,
    )
    const events = await sql`select kind from audit_events
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
  const lock = await holdLock(server.shared.DATABASE_URL, (own) => {
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

test("neither kind of token can be taken for the other", async () => {
  const user = await register(server.url)
  const { items } = (await rest(server.url, "GET", "/auth/sessions", user)).body
  const keys = createKeyring({ current: secret }).current
  const forge = createForge(keys, { userId: user.user.id, sessionId: items[0].id })
  const call = (header: object, payload: object, key = keys.ownerTokenKey) =>
    list(forge.sign({ ...forge.header, ...header }, { ...forge.payload, ...payload }, { key }))
  const { accessToken } = await newToken()
  const payload = JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString())
  const own = { typ: "owner+jwt" }

  // The forge itself is right.
  expect((await call({}, {}, keys.accessTokenKey)).status).toBe(200)
  expect(
    (await list(forge.sign({ ...forge.header, ...own }, payload, { key: keys.ownerTokenKey }))).status,
  ).toBe(200)

  const refused = await Promise.all([
    call({}, {}),
    call(own, {}),
    call(own, {}, keys.accessTokenKey),
    call({}, payload, keys.accessTokenKey),
    call(own, payload, keys.accessTokenKey),
    call(own, { ...payload, aud: "latchkey" }),
    call({}, { ...payload, aud: "latchkey", sub: undefined, sid: undefined }, keys.accessTokenKey),
    call(own, { ...payload, sub_id: { format: "iss_sub", iss: "latchkey", sub: user.user.id } }),
    call(own, { ...payload, sub_id: { format: "account", uri: "acct:x@y" } }),
    call(own, { ...payload, client_fpr: "0123456789abcdef" }),
    call(own, { ...payload, client_fpr: undefined }),
    call(own, { ...payload, manage: "all" }),
    call(own, { ...payload, iat: 1, exp: 2 }),
  ])
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401))
})

test("the owner's browser may use a token from the product's page", async () => {
  const { accessToken } = await newToken()
  const preflight = await fetch(`${server.url}/auth/apikeys`, {
    method: "OPTIONS",
    headers: {
      origin: WEB,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  })
  expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,content-type")
  const created = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken,
    headers: { origin: WEB },
    body: { label: "x" },
  })
  expect([created.status, created.headers.get("access-control-allow-origin")]).toEqual([201, WEB])
})
