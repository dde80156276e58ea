import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startIssuer } from "../../auth/test/startIssuer.ts"
import { rest, startLatchkey } from "./startLatchkey.ts"

// A product whose users are at an identity provider, which this test runs itself.

let issuer: Awaited<ReturnType<typeof startIssuer>>
let started: Awaited<ReturnType<typeof startLatchkey>>
beforeAll(async () => {
  issuer = await startIssuer()
  started = await startLatchkey(inject("postgresUrl"), {
    passwords: "off",
    publicUrl: "https://app.company.tld",
    trustedIssuers: [{ issuer: issuer.url, audience: "api", manage: "any" }],
    adminSubjects: [{ issuer: issuer.url, subject: "root" }],
  })
})
afterAll(async () => {
  await started[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const headersOf = async (claims: Record<string, unknown>) => ({
  authorization: `Bearer ${await issuer.sign(claims)}`,
})

test("the provider's users create keys, which belong to them", async () => {
  const { latchkey } = started
  const headers = await headersOf({ sub: "ada" })
  const { status, body } = await rest(latchkey, "POST", "/auth/apikeys", { headers, body: { label: "x" } })
  expect(status).toBe(201)

  const verdict = await latchkey.authenticate({ "x-api-key": body.key }, { scope: "reports:read" })
  expect(verdict).toMatchObject({ ok: true, caller: { issuer: issuer.url, subject: "ada", via: "apiKey" } })
  expect(await latchkey.authenticate(headers)).toMatchObject({
    ok: true,
    caller: { issuer: issuer.url, subject: "ada", via: "jwt" },
  })
})

test("an administrator without an account ends a user whom Latchkey has never seen", async () => {
  const { latchkey } = started
  const headers = await headersOf({ sub: "eve" })
  const disable = (by: Record<string, string>) =>
    rest(latchkey, "POST", "/auth/admin/users/disable", {
      headers: by,
      body: { issuer: issuer.url, subject: "eve" },
    })

  expect((await disable(headers)).status).toBe(403)
  expect((await disable(await headersOf({ sub: "root" }))).status).toBe(204)
  expect(await latchkey.authenticate(headers)).toMatchObject({
    ok: false,
    status: 401,
    cause: "ownerDisabled",
  })
})

test("without the provider's keys its tokens get no verdict, and API keys go on", async () => {
  await using other = await startLatchkey(inject("postgresUrl"), {
    trustedIssuers: [{ issuer: issuer.url, audience: "api" }],
  })
  const { key } = await other.latchkey.as({ subject: "org_1" }).apiKeys.create({ label: "x" })
  issuer.state.answer = (_, response) => response.writeHead(500).end()
  const outcome = await other.latchkey.authenticate(await headersOf({}))
  issuer.state.answer = null

  expect(outcome).toMatchObject({ ok: false, status: 503, cause: "unavailable" })
  expect(await other.latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
})

test("a client without a token is told where to get one (RFC 9728)", async () => {
  const { latchkey } = started
  const { headers } = await rest(latchkey, "GET", "/auth/me")
  const url = "https://app.company.tld/latchkey/.well-known/oauth-protected-resource"
  expect(headers.get("www-authenticate")).toBe(`Bearer realm="latchkey", resource_metadata="${url}"`)
  expect(await latchkey.authenticate({})).toMatchObject({
    headers: { "WWW-Authenticate": `Bearer realm="latchkey", resource_metadata="${url}"` },
  })

  expect((await rest(latchkey, "GET", new URL(url).pathname.slice("/latchkey".length))).body).toEqual({
    resource: "https://app.company.tld/latchkey",
    authorization_servers: [issuer.url],
    bearer_methods_supported: ["header"],
    scopes_supported: ["reports:read", "reports:write"],
  })
})
