import { type Auth, AuthError, type Caller, DatabaseUnavailable } from "@latchkey/auth"
import { expect, test } from "vitest"
import { createHandler } from "../createHandler.ts"
import { openSource } from "../trpc/context.ts"

const owner: Caller["owner"] = {
  ...{ id: "0b7c1a52-8d0e-8c55-bb0f-9d3b6f0f4e21", issuer: "latchkey", subject: "ada" },
  ...{ email: null, role: "user", createdAt: null },
}
const scopes = ["reports:read", "reports:write"]
const token: Caller = { owner, scopes, isScoped: false, manage: "write", via: "jwt", expiresAt: new Date() }
const key: Caller = { ...token, via: "apiKey", apiKeyId: "k-1", label: "x", metadata: null }
const limited = new AuthError("RATE_LIMITED", "Too many attempts.", { retryAfter: 7 })

/** Sends a request to a server where every request has this caller, or fails with this error. */
async function verify(
  caller: Caller | Error | null,
  query = "",
  { keysNeedScope = false, ...init }: RequestInit & { keysNeedScope?: boolean } = {},
) {
  const auth: Partial<Auth> = {
    passwords: "on",
    scopes,
    async authenticate() {
      if (caller instanceof Error) throw caller
      return caller ? { caller } : { caller, problem: "invalid", cause: "unknown" }
    },
  }
  const app = createHandler({
    auth: openSource(auth as Auth),
    log: { isLevelEnabled: () => false, info() {}, warn() {}, error() {} },
    observer: null,
    checkReady: async () => null,
    corsOrigins: [],
    keysNeedScope,
    dashboard: null,
    trustProxy: 0,
    mountedAt: null,
  })
  const request = { ...init, headers: { "x-api-key": "x", ...init.headers } }
  const response = await app.request(`/auth/verify${query}`, request, {})
  const { status, headers } = response
  const verdict = Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-latchkey-")))
  const text = await response.text()
  return { status, headers, verdict, reason: text === "" ? undefined : JSON.parse(text).reason }
}

test("a valid key gets 204 with everything about its caller", async () => {
  const { status, headers, verdict } = await verify(key)
  expect(status).toBe(204)
  expect(verdict).toEqual({
    "x-latchkey-subject": "ada",
    "x-latchkey-issuer": "latchkey",
    "x-latchkey-key-id": "k-1",
    "x-latchkey-scopes": "reports:read reports:write",
    "x-latchkey-via": "apiKey",
  })
  expect(headers.get("cache-control")).toBe("no-store")
})

test("no header is ever empty", async () => {
  expect((await verify({ ...token, scopes: [] })).verdict).toEqual({
    "x-latchkey-subject": "ada",
    "x-latchkey-issuer": "latchkey",
    "x-latchkey-key-id": "-",
    "x-latchkey-scopes": "-",
    "x-latchkey-via": "jwt",
  })
})

test.each([
  ["org 42", "org%2042"],
  ["100%", "100%25"],
  ["Zoë", "Zo%C3%AB"],
  ["🗝", "%F0%9F%97%9D"],
  ["auth0|5f7c,a=b", "auth0|5f7c,a=b"],
  ["-", "%2D"],
  ["--", "--"],
])("the subject %s is sent as %s", async (subject, sent) => {
  const { verdict } = await verify({ ...token, owner: { ...owner, subject } })
  expect(verdict["x-latchkey-subject"]).toBe(sent)
  expect(decodeURIComponent(sent)).toBe(subject)
})

test("HEAD gets the same answer as GET, and other methods are refused", async () => {
  const { status, verdict } = await verify(key, "", { method: "HEAD" })
  expect(status).toBe(204)
  expect(verdict["x-latchkey-subject"]).toBe("ada")
  const refused = await verify(key, "", { method: "POST", body: "{}" })
  expect(refused).toMatchObject({ status: 405, verdict: {}, reason: "METHOD_NOT_ALLOWED" })
  expect(refused.headers.get("allow")).toBe("GET, HEAD")
})

test("the headers of a request with a body are accepted", async () => {
  const headers = {
    "content-type": "text/csv",
    "content-encoding": "gzip",
    accept: "text/html",
    "trpc-accept": "application/jsonl",
    origin: "https://elsewhere.example.com",
    "if-none-match": "*",
    range: "bytes=0-1",
  }
  expect((await verify(key, "", { headers })).status).toBe(204)
})

test.each([
  ["?scope=reports:read", 204, undefined],
  ["?scope=reports:read+reports:write", 403, "INSUFFICIENT_SCOPE"],
  ["?scope=reports:read%20reports:write", 403, "INSUFFICIENT_SCOPE"],
  ["?scope=reports:delete", 400, "INVALID_INPUT"],
  ["?scope=reports:read++reports:read", 400, "INVALID_INPUT"],
  ["?scope=", 400, "INVALID_INPUT"],
  ["?scope=latchkey:introspect", 400, "INVALID_INPUT"],
  ["?scope=reports:read&scope=reports:read", 400, "INVALID_INPUT"],
  ["?scopes=reports:read", 400, "INVALID_INPUT"],
  ["?Scope=reports:read", 400, "INVALID_INPUT"],
  ["?deny=404", 400, "INVALID_INPUT"],
  ["?deny=", 400, "INVALID_INPUT"],
  ["?deny=403", 204, undefined],
  ["?deny=403&scope=reports:read", 204, undefined],
])("%s, asked about a key with reports:read: %i", async (query, status, reason) => {
  const narrowed: Caller = { ...key, scopes: ["reports:read"], isScoped: true }
  expect(await verify(narrowed, query)).toMatchObject({ status, reason })
})

test("an undeclared scope gets 400 for everybody", async () => {
  expect((await verify(null, "?scope=reports:delete")).status).toBe(400)
})

test("a caller who lacks a scope gets a challenge that names it", async () => {
  for (const query of ["?scope=reports:write", "?scope=reports:write&deny=403"]) {
    const { status, headers } = await verify({ ...key, scopes: [] }, query)
    expect(status).toBe(403)
    expect(headers.get("www-authenticate")).toBe(
      'Bearer realm="latchkey", error="insufficient_scope", scope="reports:write"',
    )
  }
})

test("with keysNeedScope, keys are refused if the request asks for no scope", async () => {
  const options = { keysNeedScope: true }
  expect(await verify(key, "", options)).toMatchObject({ status: 403, reason: "FORBIDDEN" })
  expect(await verify(key, "?scope=reports:read", options)).toMatchObject({ status: 204 })
  expect(await verify(token, "", options)).toMatchObject({ status: 204 })
})

test("the host's own users are refused, because the method of their request is not known", async () => {
  expect(await verify({ ...token, via: "host" })).toMatchObject({ status: 403, reason: "FORBIDDEN" })
})

test.each([
  ["no valid credential", null, 401, null],
  ["a rate limit", limited, 429, "7"],
  ["a full queue", new AuthError("UNAVAILABLE", "Busy.", { retryAfter: 2 }), 503, "2"],
  ["an outage", new DatabaseUnavailable("down"), 503, "1"],
  ["a bug", new TypeError("boom"), 500, null],
])("%s", async (_, caller, status, retryAfter) => {
  const plain = await verify(caller)
  expect(plain).toMatchObject({ status, verdict: {} })
  expect(plain.headers.get("retry-after")).toBe(retryAfter)

  const denied = await verify(caller, "?deny=403")
  expect(denied.reason).toBe(plain.reason)
  expect(denied.headers.get("retry-after")).toBe(retryAfter)
  expect(denied.headers.get("www-authenticate")).toBe(plain.headers.get("www-authenticate"))
  if (status === 401) expect(denied).toMatchObject({ status: 401, verdict: {} })
  else expect(denied).toMatchObject({ status: 403, verdict: { "x-latchkey-status": String(status) } })
})

test("a wrong query gets 403 as well for proxies that understand no other refusal", async () => {
  expect(await verify(key, "?deny=403&scope=reports:delete")).toMatchObject({
    status: 403,
    verdict: { "x-latchkey-status": "400" },
    reason: "INVALID_INPUT",
  })
})
