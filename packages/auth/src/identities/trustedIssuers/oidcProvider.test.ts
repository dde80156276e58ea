import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK } from "jose"
import Provider from "oidc-provider"
import { afterAll, beforeAll, expect, test } from "vitest"
import { newSigningKey } from "../../../test/startIssuer.ts"
import { createTrustedIssuers } from "./createTrustedIssuers.ts"
import { parseTrustedIssuers } from "./trustedIssuer.ts"

// A real OpenID provider issues the tokens, as JWTs by RFC 9068 and as the opaque ones that we can't read.

let issuer: string
const server = createServer()
beforeAll(async () => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on("request", await createProvider())
})
afterAll(() => server.close())

async function createProvider() {
  const { privateKey, kid } = await newSigningKey("provider", "RS256")
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "reports-cli",
        client_secret: "not-a-secret",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: "reports:read reports:write",
          audience: resource,
          accessTokenFormat: resource.endsWith("/opaque") ? "opaque" : "jwt",
        }),
      },
    },
  })
  return provider.callback()
}

async function requestToken(resource: string, scope: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("reports-cli:not-a-secret").toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource, scope }),
  })
  const body = (await response.json()) as { access_token: string }
  return body.access_token
}

function trust(audience: string) {
  const parsed = parseTrustedIssuers([
    { issuer, audience, subjectClaim: ["sub", "client_id"], scopeClaim: "scope" },
  ])
  if ("problems" in parsed) throw new TypeError(parsed.problems.join())
  const issuers = createTrustedIssuers(parsed.entries)
  return (token: string) => issuers.verify(issuer, token)
}

test("an access token for this API is accepted, found through discovery", async () => {
  const token = await requestToken("https://api.example", "reports:read")
  expect(await trust("https://api.example")(token)).toMatchObject({
    issuer,
    subject: "reports-cli",
    clientId: "reports-cli",
    scopes: ["reports:read"],
    manage: "read",
  })
})

test("an access token for another API is rejected", async () => {
  const token = await requestToken("https://other.example", "reports:read")
  expect(await trust("https://api.example")(token)).toBeNull()
})

test("an opaque access token is rejected", async () => {
  const token = await requestToken("https://api.example/opaque", "reports:read")
  expect(await trust("https://api.example/opaque")(token)).toBeNull()
})
