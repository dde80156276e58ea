import { createHmac } from "node:crypto"
import { describe, expect, test } from "vitest"
import { newSigningKey, startIssuer } from "../../../test/startIssuer.ts"
import { useTrustedIssuer } from "../../../test/useTrustedIssuer.ts"

const { issuer, trust } = useTrustedIssuer()

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** The next character of base64url, which differs in its last bit. */
const nextTo = (character = "A") => ALPHABET[ALPHABET.indexOf(character) ^ 1]

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

  test("a key that the token contains, or a URL to fetch one from (section 3.10)", async () => {
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

  test.each([
    ["with whitespace in it", (token: string) => token.replace(/.{9}$/, "\t$&")],
    ["with whitespace after it", (token: string) => `${token}\n`],
    ["with padding", (token: string) => `${token}==`],
    ["with other unused bits at its end", (token: string) => `${token.slice(0, -1)}${nextTo(token.at(-1))}`],
    ["in the alphabet of base64", (token: string) => token.replaceAll("-", "+").replaceAll("_", "/")],
  ])("another encoding of the same token, %s: each would be remembered", async (_, encode) => {
    const verify = trust()
    // Until its signature has a character that the alphabets don't share.
    let token = ""
    while (!/[-_][^.]*$/.test(token)) token = await issuer.sign()
    expect(await verify(token)).not.toBeNull()
    expect(await verify(encode(token))).toBeNull()
  })

  test("a token that is longer than the headers of a request can be", async () => {
    expect(await trust()(await issuer.sign({ groups: "a".repeat(16_384) }))).toBeNull()
  })

  test.each(["", ".", "..", "a.b.c", "a.b", "a.b.c.d.e"])("the text %j", async (token) => {
    expect(await trust()(token)).toBeNull()
  })
})
