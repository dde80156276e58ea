import { createHmac, type KeyObject, randomUUID } from "node:crypto"
import { expect, test, vi } from "vitest"
import { signAccessToken, verifyAccessToken } from "./accessToken.ts"
import { createKeyring } from "./keyring.ts"
import { newSecret } from "./testing.ts"

const secret = newSecret()
const keyring = createKeyring({ current: secret })
const { id: kid, accessTokenKey } = keyring.current
const claims = { userId: randomUUID(), sessionId: randomUUID() }

const now = () => Math.floor(Date.now() / 1000)
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const goodHeader = { alg: "HS256", typ: "at+jwt", kid }
const goodPayload = () => ({
  iss: "latchkey",
  aud: "latchkey",
  sub: claims.userId,
  sid: claims.sessionId,
  iat: now(),
  exp: now() + 60,
})

/** A token with a good signature, whatever it says. */
function forge(
  header: object,
  payload: unknown,
  { key = accessTokenKey, hash = "sha256" }: { key?: KeyObject | Buffer; hash?: string } = {},
) {
  const signed = `${base64url(header)}.${base64url(payload)}`
  return `${signed}.${createHmac(hash, key).update(signed).digest("base64url")}`
}

test("a token that was signed is verified, and so is one made by hand the same way", async () => {
  const { accessToken, accessTokenExpiresAt } = await signAccessToken(keyring, claims, 60)
  expect(await verifyAccessToken(keyring, accessToken)).toMatchObject(claims)
  expect(Math.abs(accessTokenExpiresAt.getTime() / 1000 - now() - 60)).toBeLessThanOrEqual(1)
  expect(await verifyAccessToken(keyring, forge(goodHeader, goodPayload()))).toMatchObject(claims)
})

test("a token under a previous secret is good, under a forgotten one not", async () => {
  const { accessToken } = await signAccessToken(keyring, claims, 60)
  const rotated = createKeyring({ current: newSecret(), previous: [secret] })
  expect(await verifyAccessToken(rotated, accessToken)).toMatchObject(claims)
  expect(await verifyAccessToken(createKeyring({ current: newSecret() }), accessToken)).toBeNull()
})

test.each([
  ["no algorithm", forge({ ...goodHeader, alg: "none" }, goodPayload())],
  ["another algorithm", forge({ ...goodHeader, alg: "HS512" }, goodPayload(), { hash: "sha512" })],
  ["an algorithm in lower case", forge({ ...goodHeader, alg: "hs256" }, goodPayload())],
  ["no type", forge({ alg: "HS256", kid }, goodPayload())],
  ["another type", forge({ ...goodHeader, typ: "JWT" }, goodPayload())],
  ["no key id", forge({ alg: "HS256", typ: "at+jwt" }, goodPayload())],
  ["an unknown key id", forge({ ...goodHeader, kid: "0123456789abcdef" }, goodPayload())],
  ["a key id that is no text", forge({ ...goodHeader, kid: [kid] }, goodPayload())],
  ["a key of its own", forge({ ...goodHeader, jwk: { kty: "oct", k: "AAAA" } }, goodPayload())],
  ["a place to get a key", forge({ ...goodHeader, jku: "https://example.com/keys" }, goodPayload())],
  ["a certificate", forge({ ...goodHeader, x5c: ["AAAA"] }, goodPayload())],
  ["a critical extension", forge({ ...goodHeader, crit: ["exp"], exp: 1 }, goodPayload())],
  ["an unencoded payload", forge({ ...goodHeader, crit: ["b64"], b64: false }, goodPayload())],
  ["another key", forge(goodHeader, goodPayload(), { key: Buffer.alloc(32) })],
  ["an empty key", forge(goodHeader, goodPayload(), { key: Buffer.alloc(0) })],
  ["another issuer", forge(goodHeader, { ...goodPayload(), iss: "somebody" })],
  ["another audience", forge(goodHeader, { ...goodPayload(), aud: "somebody" })],
  ["several audiences", forge(goodHeader, { ...goodPayload(), aud: ["latchkey", "somebody"] })],
  ["a subject that is no id", forge(goodHeader, { ...goodPayload(), sub: "' or true --" })],
  ["a session that is no text", forge(goodHeader, { ...goodPayload(), sid: { toString: claims.sessionId } })],
  ["an expiry that is text", forge(goodHeader, { ...goodPayload(), exp: String(now() + 60) })],
  ["an issue time that is text", forge(goodHeader, { ...goodPayload(), iat: String(now()) })],
  ["an expiry in the past", forge(goodHeader, { ...goodPayload(), exp: now() - 31 })],
  ["an issue time in the future", forge(goodHeader, { ...goodPayload(), iat: now() + 35 })],
  ["a start in the future", forge(goodHeader, { ...goodPayload(), nbf: now() + 35 })],
  ["a payload that is no object", forge(goodHeader, [goodPayload()])],
  ["a payload that is null", forge(goodHeader, null)],
  ...["iss", "aud", "sub", "sid", "iat", "exp"].map((claim) => [
    `no ${claim}`,
    forge(goodHeader, { ...goodPayload(), [claim]: undefined }),
  ]),
  ["two parts", forge(goodHeader, goodPayload()).split(".").slice(0, 2).join(".")],
  ["four parts", `${forge(goodHeader, goodPayload())}.AAAA`],
  ["no signature", `${forge(goodHeader, goodPayload()).replace(/[^.]+$/, "")}`],
  ["padding", `${forge(goodHeader, goodPayload())}=`],
  ["nothing", ""],
  ["dots", ".."],
])("a token with %s is refused", async (_, token) => {
  expect(await verifyAccessToken(keyring, token as string)).toBeNull()
})

test("a signature is spelled in one way", async () => {
  const token = forge(goodHeader, goodPayload())
  // 32 bytes are 43 characters, and the last one's two low bits don't count.
  const last = token.at(-1) as string
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  const twin = token.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]
  expect(Buffer.from(twin, "base64url")).toEqual(Buffer.from(token, "base64url"))

  expect(await verifyAccessToken(keyring, token)).toMatchObject(claims)
  expect(await verifyAccessToken(keyring, twin)).toBeNull()
})

test("clocks may differ by 30 s", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 })
  const token = forge(goodHeader, goodPayload())
  vi.setSystemTime(Date.now() - 30_000)
  expect(await verifyAccessToken(keyring, token)).toMatchObject(claims)
  vi.setSystemTime(Date.now() + 30_000 + 60_000 + 29_000)
  expect(await verifyAccessToken(keyring, token)).toMatchObject(claims)
  vi.setSystemTime(Date.now() + 2_000)
  expect(await verifyAccessToken(keyring, token)).toBeNull()
  vi.useRealTimers()
})
