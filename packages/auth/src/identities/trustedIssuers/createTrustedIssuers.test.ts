import { describe, expect, test } from "vitest"
import { useTrustedIssuer } from "../../../test/useTrustedIssuer.ts"

const { issuer, trust } = useTrustedIssuer()

describe("a token", () => {
  test("names its owner, its client and its expiry", async () => {
    const exp = Math.floor(Date.now() / 1000) + 60
    expect(await trust()(await issuer.sign({ client_id: "web", exp, iat: exp - 60 }))).toEqual({
      issuer: issuer.url,
      subject: "ada",
      scopes: null,
      manage: "read",
      clientId: "web",
      issuedAt: exp - 60,
      expiresAt: exp,
    })
  })

  test.each([
    ["for another audience", { aud: "other" }, {}],
    ["for no audience", { aud: undefined }, {}],
    ["with an audience that is no text", { aud: [1] }, {}],
    ["of another issuer", { iss: "https://issuer.example" }, {}],
    ["that has expired", { exp: 1 }, {}],
    ["that never expires", { exp: undefined }, {}],
    ["with an end that no clock reaches", { exp: 1e300 }, {}],
    ["of the future", { iat: 4_000_000_000, exp: 4_000_000_060 }, {}],
    ["that is not valid yet", { nbf: 4_000_000_000 }, {}],
    ["without a subject", { sub: undefined }, {}],
    ["with an empty subject", { sub: "" }, {}],
    ["with a subject of 256 characters", { sub: "a".repeat(256) }, {}],
    ["with a control character in its subject", { sub: "a\u0000b" }, {}],
    ["with a number as its subject", { sub: 7 }, {}],
    ["bound to a sender (RFC 9449)", { cnf: { jkt: "thumbprint" } }, {}],
    ["typed as a logout token", {}, { typ: "logout+jwt" }],
    ["typed as a DPoP proof", {}, { typ: "dpop+jwt" }],
    ["that demands an unknown extension", {}, { crit: ["x"], x: 1 }],
    ["untyped, with a nonce", { nonce: "n" }, { typ: undefined }],
    ["untyped, with at_hash", { at_hash: "h" }, { typ: "JWT" }],
    ["untyped, with c_hash", { c_hash: "h" }, { typ: undefined }],
    ["untyped, with events", { events: {} }, { typ: undefined }],
    ["of Keycloak's kind ID", { typ: "ID" }, { typ: "JWT" }],
    ["of Keycloak's kind Refresh", { typ: "Refresh" }, { typ: "JWT" }],
    ["whose audience includes its own azp", { aud: ["api", "web"], azp: "web" }, { typ: "JWT" }],
    ["whose audience includes its own client_id", { aud: ["api", "web"], client_id: "web" }, { typ: "JWT" }],
  ])("%s is rejected", async (_, claims, header) => {
    const verify = trust()
    expect(await verify(await issuer.sign(claims, { header }))).toBeNull()
    expect(await verify(await issuer.sign())).not.toBeNull()
  })

  test.each([
    ["untyped", {}, { typ: undefined }],
    ["typed JWT", {}, { typ: "JWT" }],
    ["typed in full", {}, { typ: "application/at+jwt" }],
    ["of Keycloak's kind Bearer", { typ: "Bearer" }, { typ: "JWT" }],
    ["for several audiences", { aud: ["other", "api"] }, {}],
    ["typed as an access token, with the client in its audience", { aud: ["api", "web"], azp: "web" }, {}],
  ])("%s is accepted", async (_, claims, header) => {
    expect(await trust()(await issuer.sign(claims, { header }))).toMatchObject({ subject: "ada" })
  })

  test("that expired 20 s ago is accepted, because clocks differ", async () => {
    const exp = Math.floor(Date.now() / 1000) - 20
    expect(await trust()(await issuer.sign({ exp }))).toMatchObject({ subject: "ada" })
  })

  test("may have its client as the audience if the entry allows that", async () => {
    const verify = trust({ audience: "web", allowClientAudience: true })
    expect(
      await verify(await issuer.sign({ aud: "web", azp: "web" }, { header: { typ: "JWT" } })),
    ).not.toBeNull()
  })
})

describe("an entry", () => {
  test("with authorized parties accepts only their tokens, and lets them manage keys", async () => {
    const verify = trust({ authorizedParties: ["web", "cli"] })
    const sign = (claims: object) => issuer.sign({ aud: undefined, ...claims })
    expect(await verify(await sign({ azp: "web" }))).toMatchObject({ manage: "write" })
    expect(await verify(await sign({ client_id: "cli" }))).toMatchObject({ manage: "write" })
    expect(await verify(await sign({}))).toBeNull()
    expect(await verify(await sign({ azp: "stranger" }))).toBeNull()
    expect(await verify(await sign({ azp: "web", client_id: "stranger" }))).toBeNull()
    expect(await verify(await sign({ azp: "web", aud: "other" }))).toBeNull()
  })

  test("with an audience and authorized parties needs both", async () => {
    const verify = trust({ audience: "api", authorizedParties: "web" })
    expect(await verify(await issuer.sign({ azp: "web" }))).not.toBeNull()
    expect(await verify(await issuer.sign())).toBeNull()
    expect(await verify(await issuer.sign({ azp: "web", aud: "other" }))).toBeNull()
  })

  test("chooses the owner and the actor by their claims", async () => {
    const verify = trust({ audience: "api", subjectClaim: ["org_id", "sub"], actorClaim: "sub" })
    expect(await verify(await issuer.sign({ org_id: "org_1" }))).toMatchObject({
      subject: "org_1",
      actor: "ada",
    })
    const own = await verify(await issuer.sign())
    expect(own).toMatchObject({ subject: "ada" })
    expect(own).not.toHaveProperty("actor")
    // An owner who is named wrongly is not replaced by the next claim.
    expect(await verify(await issuer.sign({ org_id: "" }))).toBeNull()
    expect(await verify(await issuer.sign({ org_id: "org_1", sub: undefined }))).toBeNull()
  })

  test("with a scope claim takes the scopes from it, and none from a token without it", async () => {
    const verify = trust({ audience: "api", scopeClaim: "scope" })
    expect(await verify(await issuer.sign({ scope: "a b" }))).toMatchObject({
      scopes: ["a", "b"],
      manage: "read",
    })
    expect(await verify(await issuer.sign({ scope: ["a", "latchkey:apikeys:write"] }))).toMatchObject({
      scopes: ["a", "latchkey:apikeys:write"],
      manage: "write",
    })
    expect(await verify(await issuer.sign())).toMatchObject({ scopes: [] })
  })

  test('with manage: "any" lets every token manage keys', async () => {
    expect(await trust({ audience: "api", manage: "any" })(await issuer.sign())).toMatchObject({
      manage: "write",
    })
  })
})
