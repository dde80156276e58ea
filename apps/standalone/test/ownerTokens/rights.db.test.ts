import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { allProcedures, surfaces } from "../http/procedures.ts"
import { rest } from "../testServer.ts"
import { onBehalfOf, outcomeOf, useOwnerTokens, WEB } from "./useOwnerTokens.ts"

const tokens = useOwnerTokens()

test("a token can create, list and revoke the keys of its owner, and of nobody else", async () => {
  const token = await tokens.newToken({}, { actor: "user_7" })
  const created = await tokens.create(token.accessToken, { label: "theirs", scopes: ["reports:read"] })
  expect(created).toMatchObject({ status: 201, body: { createdBy: "user_7", scopes: ["reports:read"] } })
  const { id, key } = created.body
  const me = await rest(tokens.url, "GET", "/auth/me", { apiKey: key })
  expect(me.body).toMatchObject({ issuer: "host", subject: token.subject, apiKeyId: id })

  const other = await tokens.newToken()
  expect((await tokens.list(other.accessToken)).body.items).toEqual([])
  const revoke = (accessToken: string) => rest(tokens.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
  expect((await revoke(other.accessToken)).status).toBe(404)
  expect((await tokens.list(token.accessToken)).body.items).toMatchObject([{ id }])
  expect((await revoke(token.accessToken)).status).toBe(204)
  expect((await rest(tokens.url, "GET", "/auth/me", { apiKey: key })).status).toBe(401)
})

test("a token can't set anything that only the product itself may set", async () => {
  const { accessToken, subject } = await tokens.newToken()
  for (const setting of [{ metadata: { plan: "pro" } }, { lock: true }, { lock: false }]) {
    const body = { label: "x", ...setting }
    expect(outcomeOf(await tokens.create(accessToken, body))).toBe("403 FORBIDDEN")
    expect((await tokens.list(accessToken)).body.items).toEqual([])
  }
  const created = await tokens.create(accessToken, { label: "x", scopes: ["reports:read"] })
  expect(created.body).toMatchObject({ metadata: null, locked: false })
  for (const setting of [{ metadata: { plan: "pro" } }, { lock: true }]) {
    const byProduct = {
      apiKey: tokens.bootstrap,
      headers: onBehalfOf(subject),
      body: { label: "x", ...setting },
    }
    expect((await rest(tokens.url, "POST", "/auth/apikeys", byProduct)).status).toBe(201)
  }
})

test("auth.me shows the owner of a token", async () => {
  const { accessToken, subject } = await tokens.newToken({}, { actor: "user_7" })
  const { body } = await rest(tokens.url, "GET", "/auth/me", { accessToken })
  expect(body).toMatchObject({ issuer: "host", subject, actor: "user_7", role: "user", via: "jwt" })
  expect(body.scopes).toEqual(["reports:read"])
})

test("a read-only token can't change anything", async () => {
  const { accessToken } = await tokens.newToken({ manage: "read" })
  expect((await tokens.list(accessToken)).status).toBe(200)
  expect(outcomeOf(await tokens.create(accessToken))).toBe("403 FORBIDDEN")
  const revoked = await rest(tokens.url, "DELETE", `/auth/apikeys/${randomUUID()}`, { accessToken })
  expect(outcomeOf(revoked)).toBe("403 FORBIDDEN")
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
/** Those that need no caller. */
const WITHOUT_CALLER = [
  "auth.register",
  "auth.login",
  "auth.refresh",
  "auth.requestPasswordReset",
  "auth.resetPassword",
  "auth.verifyEmail",
  "apiKeys.reportLeaked",
]

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
    const { body } = await tokens.mint(tokens.bootstrap, onBehalfOf("boss"))
    const accepted = ACCEPTED.includes(path)
    const input = accepted ? { unknownField: 1 } : undefined
    const { status } = await call(tokens.url, procedure, input, { accessToken: body.accessToken })
    const refusal = surface === "REST" && procedure.operation.oauth ? 401 : 403
    expect(status).toBe(accepted ? 400 : refusal)
  },
)

test("the product accepts a token nowhere", async () => {
  const { accessToken } = await tokens.newToken()
  const introspected = await rest(tokens.url, "POST", "/oauth/introspect", {
    apiKey: tokens.bootstrap,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `token=${accessToken}`,
  })
  expect(introspected).toMatchObject({ status: 200, body: { active: false } })
  expect(outcomeOf(await rest(tokens.url, "GET", "/auth/verify", { accessToken }))).toBe(
    "401 UNAUTHENTICATED",
  )
})

test("a key created with a token has none of Latchkey's own scopes", async () => {
  const { body } = await tokens.mint(tokens.bootstrap, onBehalfOf("boss"))
  for (const scope of ["latchkey:apikeys:read", "latchkey:introspect", "latchkey:manage"]) {
    const created = await tokens.create(body.accessToken, { label: "x", scopes: [scope] })
    expect(outcomeOf(created), scope).toBe("403 FORBIDDEN")
  }
})

test("the owner's browser may use a token from the product's page", async () => {
  const { accessToken } = await tokens.newToken()
  const preflight = await fetch(`${tokens.url}/auth/apikeys`, {
    method: "OPTIONS",
    headers: {
      origin: WEB,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  })
  expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,content-type")
  const created = await rest(tokens.url, "POST", "/auth/apikeys", {
    accessToken,
    headers: { origin: WEB },
    body: { label: "x" },
  })
  expect([created.status, created.headers.get("access-control-allow-origin")]).toEqual([201, WEB])
})
