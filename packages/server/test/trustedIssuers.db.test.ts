import {
  discoverOAuthServerInfo,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
  selectResourceURL,
} from "@modelcontextprotocol/sdk/client/auth.js"
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

test("an administrator without an account can disable a user whom Latchkey has never seen", async () => {
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

test("without the provider's keys, its tokens get no verdict, and API keys keep working", async () => {
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
    resource: "https://app.company.tld",
    authorization_servers: [issuer.url],
    bearer_methods_supported: ["header"],
    scopes_supported: ["reports:read", "reports:write"],
  })
})

test("an MCP client finds the provider from the product's refusal", async () => {
  const { latchkey } = started
  const endpoint = "https://app.company.tld/mcp"
  // The provider has no other documents than its discovery document, which many name differently.
  issuer.state.answer = (_, response) => response.writeHead(404).end()
  issuer.state.discovery = {
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  }
  const verdict = await latchkey.authenticate({})
  if (verdict.ok) throw new TypeError("nobody is somebody")
  const { resourceMetadataUrl } = extractWWWAuthenticateParams(verdict.toResponse())
  const found = await discoverOAuthServerInfo(endpoint, {
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
    fetchFn: async (url, init) => {
      const request = new Request(url, init)
      return request.url.startsWith("https://app.company.tld/") ? latchkey.fetch(request) : fetch(request)
    },
  })
  issuer.state.answer = null

  expect(found).toMatchObject({
    authorizationServerUrl: issuer.url,
    authorizationServerMetadata: { token_endpoint: `${issuer.url}/token` },
  })
  // It asks for a token for this resource, once it has found that its endpoint belongs to it.
  const resource = await selectResourceURL(endpoint, {} as OAuthClientProvider, found.resourceMetadata)
  expect(resource?.href).toBe("https://app.company.tld/")
})

test("introspection omits the time of issue if the token does not contain it", async () => {
  const { latchkey } = started
  const { body } = await rest(latchkey, "POST", "/auth/apikeys", {
    headers: await headersOf({ sub: "root" }),
    body: { label: "gateway", scopes: ["latchkey:introspect"] },
  })
  const introspect = async (claims: Record<string, unknown>) => {
    const response = await latchkey.fetch(
      new Request("http://localhost/latchkey/oauth/introspect", {
        method: "POST",
        headers: { "x-api-key": body.key },
        body: new URLSearchParams({ token: await issuer.sign(claims) }),
      }),
    )
    return response.json()
  }
  const about = { active: true, iss: issuer.url, sub: "ada", token_type: "access_token" }
  expect(await introspect({})).toMatchObject({ ...about, iat: expect.any(Number), exp: expect.any(Number) })
  const withoutIat = await introspect({ iat: undefined })
  expect(withoutIat).toMatchObject({ ...about, exp: expect.any(Number) })
  expect(withoutIat).not.toHaveProperty("iat")
})
