import { createHmac } from "node:crypto"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { newSigningKey, startIssuer } from "../../../test/startIssuer.ts"
import { AuthError } from "../../errors.ts"
import { createTrustedIssuers } from "./createTrustedIssuers.ts"
import { parseTrustedIssuers, type TrustedIssuerInput } from "./trustedIssuer.ts"

let issuer: Awaited<ReturnType<typeof startIssuer>>
beforeEach(async () => {
  issuer = await startIssuer()
})
afterEach(async () => {
  vi.useRealTimers()
  await issuer[Symbol.asyncDispose]()
})

/** Verifies tokens of the issuer, by default those for the audience "api". */
function trust(entry: Partial<TrustedIssuerInput> = { audience: "api" }) {
  const parsed = parseTrustedIssuers([{ issuer: issuer.url, ...entry }])
  if ("problems" in parsed) throw new TypeError(parsed.problems.join())
  const issuers = createTrustedIssuers(parsed.entries)
  return (token: string) => issuers.verify(issuer.url, token)
}

const unavailable = { name: "AuthError", reason: "UNAVAILABLE" }

describe("a token", () => {
  test("names its owner, its client and its end", async () => {
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

describe("a forged token is rejected (RFC 8725):", () => {
  const claims = { sub: "ada", aud: "api", exp: 4_000_000_000 }
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

  test("the algorithm none (section 3.1)", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      const token = `${encode({ alg, typ: "at+jwt" })}.${encode({ ...claims, iss: issuer.url })}.`
      expect(await trust()(token)).toBeNull()
    }
  })

  test("the public key as an HMAC secret (section 2.1)", async () => {
    const input = `${encode({ alg: "HS256", typ: "at+jwt", kid: "first" })}.${encode({ ...claims, iss: issuer.url })}`
    for (const secret of [JSON.stringify(issuer.first.jwk), issuer.first.jwk.x ?? ""]) {
      const signature = createHmac("sha256", secret).update(input).digest("base64url")
      expect(await trust()(`${input}.${signature}`)).toBeNull()
    }
  })

  test("a symmetric key that the set contains", async () => {
    issuer.state.keys.push({
      kty: "oct",
      kid: "shared",
      k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
      alg: "HS256",
    })
    const input = `${encode({ alg: "HS256", typ: "at+jwt", kid: "shared" })}.${encode({ ...claims, iss: issuer.url })}`
    const signature = createHmac("sha256", "secret-secret-secret-secret").update(input).digest("base64url")
    expect(await trust()(`${input}.${signature}`)).toBeNull()
  })

  test("a key that the token brings along, or a place to fetch one from (section 3.10)", async () => {
    const own = await newSigningKey("first")
    for (const header of [
      { jwk: own.jwk },
      { jku: "http://127.0.0.1:1/jwks" },
      { x5u: "http://127.0.0.1:1" },
    ]) {
      expect(await trust()(await issuer.sign({}, { key: own, header }))).toBeNull()
    }
  })

  test("another issuer's key", async () => {
    await using other = await startIssuer()
    expect(await trust()(await issuer.sign({}, { key: other.first }))).toBeNull()
  })

  test("another payload under the same signature", async () => {
    const [header, , signature] = (await issuer.sign()).split(".")
    expect(
      await trust()(`${header}.${encode({ ...claims, sub: "eve", iss: issuer.url })}.${signature}`),
    ).toBeNull()
  })

  test.each(["", ".", "..", "a.b.c", "a.b", "a.b.c.d.e"])("the text %j", async (token) => {
    expect(await trust()(token)).toBeNull()
  })
})

describe("an entry", () => {
  test("with authorized parties accepts their tokens alone, and lets them manage keys", async () => {
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

describe("an issuer's keys", () => {
  test("are fetched once for concurrent tokens, and not again while they are fresh", async () => {
    issuer.state.headers = { "cache-control": "max-age=3600" }
    const verify = trust()
    const tokens = await Promise.all(["a", "b", "c"].map((sub) => issuer.sign({ sub })))
    await Promise.all(tokens.map(verify))
    await verify(await issuer.sign({ sub: "d" }))
    expect(issuer.state.fetches).toBe(1)
  })

  test("are fetched again for an unknown key id, at most every 30 s", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    issuer.state.headers = { "cache-control": "max-age=86400" }
    const verify = trust()
    await verify(await issuer.sign())
    const second = await newSigningKey("second")
    const token = await issuer.sign({}, { key: second })
    issuer.state.keys = [second.jwk]

    expect(await verify(token)).toBeNull()
    expect(issuer.state.fetches).toBe(1)
    vi.advanceTimersByTime(30_000)
    const stranger = await issuer.sign({}, { key: await newSigningKey("third") })
    expect(await Promise.all([token, token, stranger].map(verify))).toEqual([
      expect.anything(),
      expect.anything(),
      null,
    ])
    expect(issuer.state.fetches).toBe(2)
  })

  test("that were removed end their tokens, remembered ones too", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    issuer.state.headers = { "cache-control": "max-age=60" }
    const verify = trust()
    const token = await issuer.sign()
    expect(await verify(token)).not.toBeNull()
    const second = await newSigningKey("second")
    issuer.state.keys = [second.jwk]

    vi.advanceTimersByTime(59_000)
    expect(await verify(token)).not.toBeNull()
    vi.advanceTimersByTime(1_000)
    expect(await verify(token)).toBeNull()
    expect(await verify(await issuer.sign({}, { key: second }))).not.toBeNull()
  })

  test("are kept for a day at most", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    issuer.state.headers = { "cache-control": "max-age=31536000, immutable" }
    const verify = trust()
    await verify(await issuer.sign())
    vi.advanceTimersByTime(24 * 60 * 60_000 - 1)
    await verify(await issuer.sign())
    expect(issuer.state.fetches).toBe(1)
    vi.advanceTimersByTime(1)
    await verify(await issuer.sign())
    expect(issuer.state.fetches).toBe(2)
  })

  test("may lack an id: every key that fits is tried", async () => {
    const keys = await Promise.all([newSigningKey(undefined), newSigningKey(undefined)])
    issuer.state.keys = keys.map(({ jwk }) => jwk)
    const verify = trust()
    for (const key of keys) expect(await verify(await issuer.sign({}, { key }))).not.toBeNull()
    expect(await verify(await issuer.sign({}, { key: await newSigningKey(undefined) }))).toBeNull()
  })

  test.each(["RS256", "PS256", "ES384", "EdDSA"])("may be for %s", async (alg) => {
    const key = await newSigningKey("other", alg)
    issuer.state.keys = [key.jwk]
    expect(await trust()(await issuer.sign({}, { key }))).not.toBeNull()
  })
})

describe("without its issuer's keys a token gets no verdict:", () => {
  test.each([
    ["the issuer answers 500", (_, response) => response.writeHead(500).end()],
    ["it redirects", (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
    ["it closes the connection", (request) => request.socket.destroy()],
    ["it sends no JSON", (_, response) => response.end("<html>")],
    ["it sends no key set", (_, response) => response.end("{}")],
    ["it sends broken keys", (_, response) => response.end('{"keys":[1]}')],
    [
      "it sends more than 256 KiB",
      (_, response) => response.end(JSON.stringify({ keys: [], pad: "x".repeat(262_144) })),
    ],
  ] satisfies [string, NonNullable<(typeof issuer)["state"]["answer"]>][])("%s", async (_, answer) => {
    issuer.state.answer = answer
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
  })

  test("the issuer never answers", async () => {
    issuer.state.answer = () => {}
    const timedOut = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort())
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
    expect(timedOut).toHaveBeenCalledWith(5_000)
    timedOut.mockRestore()
  })

  test("its discovery document names another issuer", async () => {
    issuer.state.discovery = { issuer: `${issuer.url}/` }
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
  })

  test("its discovery document names a key set without https", async () => {
    issuer.state.discovery = { jwks_uri: "http://issuer.example/jwks" }
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
  })

  test("they have expired and can't be fetched again, until they can", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    issuer.state.headers = { "cache-control": "max-age=60" }
    const verify = trust()
    const token = await issuer.sign()
    await verify(token)
    issuer.state.answer = (_, response) => response.writeHead(503).end()
    vi.advanceTimersByTime(59_999)
    expect(await verify(token)).not.toBeNull()
    vi.advanceTimersByTime(1)
    await expect(verify(token)).rejects.toMatchObject(unavailable)
    issuer.state.answer = null
    vi.advanceTimersByTime(1_000)
    expect(await verify(token)).not.toBeNull()
  })

  test("its key is unknown and the set can't be fetched again", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    issuer.state.headers = { "cache-control": "max-age=3600" }
    const verify = trust()
    await verify(await issuer.sign())
    vi.advanceTimersByTime(30_000)
    issuer.state.answer = (_, response) => response.writeHead(503).end()
    const token = await issuer.sign({}, { key: await newSigningKey("second") })
    await expect(verify(token)).rejects.toMatchObject(unavailable)
    await expect(verify(token)).rejects.toMatchObject(unavailable)
    expect(issuer.state.fetches).toBe(2)
    // Others of this issuer are not affected.
    expect(await verify(await issuer.sign())).not.toBeNull()
  })

  test("a rejection keeps its cause and does not contain the token", async () => {
    issuer.state.answer = (_, response) => response.writeHead(500).end()
    const token = await issuer.sign()
    const error = await trust()(token).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AuthError)
    expect((error as AuthError).cause).toMatchObject({
      message: `the keys of ${issuer.url} are not available`,
    })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(token)
  })
})
