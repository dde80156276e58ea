import { generateKeyPairSync } from "node:crypto"
import { gzipSync } from "node:zlib"
import { brokenResponses, startBrokenServer } from "@latchkey/test-postgres"
import type { JWK } from "jose"
import { afterEach, describe, expect, test, vi } from "vitest"
import { type Answer, newSigningKey } from "../../../test/startIssuer.ts"
import { useTrustedIssuer } from "../../../test/useTrustedIssuer.ts"
import { AuthError } from "../../errors.ts"

const { issuer, trust } = useTrustedIssuer()

afterEach(() => {
  vi.useRealTimers()
})

const unavailable = { name: "AuthError", reason: "UNAVAILABLE" }

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

  test("that were removed end their tokens, including remembered ones", async () => {
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
    vi.advanceTimersByTime(24 * 60 * 60_000 - 1_000)
    await verify(await issuer.sign())
    expect(issuer.state.fetches).toBe(1)
    vi.advanceTimersByTime(1_000)
    await verify(await issuer.sign())
    expect(issuer.state.fetches).toBe(2)
  })

  test("may lack an id: every suitable key is tried", async () => {
    const keys = await Promise.all([newSigningKey(undefined), newSigningKey(undefined)])
    issuer.state.keys = keys.map(({ jwk }) => jwk)
    const verify = trust()
    for (const key of keys) expect(await verify(await issuer.sign({}, { key }))).not.toBeNull()
    expect(await verify(await issuer.sign({}, { key: await newSigningKey(undefined) }))).toBeNull()
  })

  test("may be many, but only 20 of them are tried for a token that names none", async () => {
    const key = await newSigningKey(undefined)
    const others = Array.from({ length: 20 }, () => newSigningKey(undefined))
    const before = (await Promise.all(others)).map(({ jwk }) => jwk)
    const verify = trust()
    issuer.state.keys = [...before.slice(1), key.jwk]
    expect(await verify(await issuer.sign({}, { key }))).not.toBeNull()

    issuer.state.keys = [...before, key.jwk]
    expect(await trust()(await issuer.sign({}, { key }))).toBeNull()
    issuer.state.keys = [...before, { ...key.jwk, kid: "named" }]
    expect(await trust()(await issuer.sign({}, { key, header: { kid: "named" } }))).not.toBeNull()
  })

  test.each([undefined, "same"])(
    "may include one that can't be used beside others with the id %s: then only a token that fits none gets no verdict",
    async (kid) => {
      const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 })
      const short = { ...publicKey.export({ format: "jwk" }), ...(kid && { kid }), alg: "RS256", use: "sig" }
      const key = await newSigningKey(kid, "RS256")
      for (const keys of [
        [short, key.jwk],
        [key.jwk, short],
      ]) {
        issuer.state.keys = keys
        const verify = trust()
        expect(await verify(await issuer.sign({}, { key }))).not.toBeNull()
        const other = await newSigningKey(kid, "RS256")
        await expect(verify(await issuer.sign({}, { key: other }))).rejects.toMatchObject(unavailable)
      }
    },
  )

  test("may be stored as gzip by a host that sends nothing else", async () => {
    const { keys } = issuer.state
    issuer.state.answer = (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(JSON.stringify({ keys })))
    expect(await trust()(await issuer.sign())).not.toBeNull()
  })

  test.each(["RS256", "PS256", "ES384", "EdDSA"])("may be for %s", async (alg) => {
    const key = await newSigningKey("other", alg)
    issuer.state.keys = [key.jwk]
    expect(await trust()(await issuer.sign({}, { key }))).not.toBeNull()
  })
})

/** Sends a key set that also has another key. */
const sendWith =
  (key: JWK): Answer =>
  (_, response) =>
    response.end(JSON.stringify({ keys: [issuer.first.jwk, key] }))

describe("without its issuer's keys a token gets no verdict:", () => {
  test.each([
    ["the issuer answers 500", (_, response) => response.writeHead(500).end()],
    ["it redirects", (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
    ["it closes the connection", (request) => request.socket.destroy()],
    ["it sends no JSON", (_, response) => response.end("<html>")],
    ["it sends no key set", (_, response) => response.end("{}")],
    ["it sends broken keys", (_, response) => response.end('{"keys":[1]}')],
    [
      "it sends more than 100 keys",
      (_, response) => response.end(JSON.stringify({ keys: Array(101).fill(issuer.first.jwk) })),
    ],
    [
      "it sends an RSA key of more than 8,192 bits",
      sendWith({ kty: "RSA", n: "x".repeat(1_367), e: "AQAB" }),
    ],
    [
      "it sends an RSA key with a large exponent",
      sendWith({ kty: "RSA", n: "x".repeat(342), e: "x".repeat(342) }),
    ],
    [
      "it sends more than 256 KiB",
      (_, response) => response.end(JSON.stringify({ keys: [], pad: "x".repeat(262_144) })),
    ],
  ] satisfies [string, Answer][])("%s", async (_, answer) => {
    issuer.state.answer = answer
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
  })

  test.each(brokenResponses.filter(([, ending]) => ending !== "keeps"))(
    "its server sends %s and %s the connection",
    async (...how) => {
      const uncaught = vi.fn()
      process.on("uncaughtException", uncaught)
      {
        await using broken = await startBrokenServer(how)
        issuer.state.discovery = { jwks_uri: `${broken.url}/jwks` }
        await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
      }
      issuer.state.discovery = {}
      expect(await trust()(await issuer.sign())).not.toBeNull()
      process.off("uncaughtException", uncaught)
      expect(uncaught).not.toHaveBeenCalled()
    },
  )

  test("the issuer never answers", async () => {
    issuer.state.answer = () => {}
    const timedOut = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort())
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
    expect(timedOut).toHaveBeenCalledWith(5_000)
    timedOut.mockRestore()
  })

  test("it sends gzip that expands to more than 256 KiB", async () => {
    const bomb = gzipSync(JSON.stringify({ keys: [], pad: "x".repeat(262_144) }))
    issuer.state.answer = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb)
    await expect(trust()(await issuer.sign())).rejects.toMatchObject(unavailable)
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
    vi.advanceTimersByTime(59_000)
    expect(await verify(token)).not.toBeNull()
    vi.advanceTimersByTime(1_000)
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
