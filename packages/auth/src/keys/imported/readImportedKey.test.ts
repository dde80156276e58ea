import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { createImportedForms, isImportedPrefix } from "./importedForm.ts"
import { readImportedKey } from "./readImportedKey.ts"

const BCRYPT = `$2b$10$${"a".repeat(53)}`
const DIGEST = createHash("sha256").update("key").digest()

const line = {
  subject: "org_42",
  label: "Nightly import",
  keyHash: BCRYPT,
  start: "sk_live_4242",
  keyLength: 40,
}

const read = (values: object, scopes?: readonly string[]) =>
  readImportedKey({ ...line, ...values }, { issuer: "host", scopes })

const keyOf = (values: object) => {
  const result = read(values)
  if ("refusal" in result) throw new TypeError(result.refusal)
  return result.key
}

test("a line becomes a key of its owner, whose id is the same the next time", () => {
  expect(keyOf({})).toMatchObject({
    owner: { issuer: "host", subject: "org_42" },
    label: "Nightly import",
    scopes: null,
    locked: false,
    hashKind: "bcrypt",
    keyHash: BCRYPT,
    importedStart: "sk_live_4242",
    importedLength: 40,
    createdBy: "org_42",
    createdAt: null,
    expiresAt: null,
  })
  expect(keyOf({}).id).toBe(keyOf({ label: "another" }).id)
  expect(keyOf({ id: "key_1" }).id).toBe(keyOf({ id: "key_1", keyHash: BCRYPT.replace("10", "12") }).id)
  expect(keyOf({ id: "key_1" }).id).not.toBe(keyOf({ id: "key_2" }).id)
  expect(keyOf({ id: "key_1" }).id).not.toBe(keyOf({ id: "key_1", issuer: "https://login.example.com" }).id)
})

test("restrictions are locked, and null is the same as no value", () => {
  expect(keyOf({ scopes: ["reports:read"] })).toMatchObject({ scopes: ["reports:read"], locked: true })
  expect(keyOf({ allowedIps: ["192.0.2.1"], lock: false })).toMatchObject({
    allowedIps: ["192.0.2.1/32"],
    locked: false,
  })
  const empty = { scopes: null, metadata: null, createdAt: null, lastUsedAt: null, expiresAt: null, id: null }
  expect(keyOf(empty)).toEqual(keyOf({}))
})

test.each([
  ["$2a$", BCRYPT.replace("2b", "2a"), { hashKind: "bcrypt", keyHash: BCRYPT.replace("2b", "2a") }],
  ["$2y$, PHP's name of $2b$", BCRYPT.replace("2b", "2y"), { hashKind: "bcrypt", keyHash: BCRYPT }],
  ["a digest in hex", `sha256:${DIGEST.toString("hex")}`, { keyHash: DIGEST.toString("hex") }],
  ["a digest in base64", `sha256:${DIGEST.toString("base64")}`, { keyHash: DIGEST.toString("hex") }],
  ["a digest in base64url", `sha256:${DIGEST.toString("base64url")}`, { hashKind: "sha256" }],
])("%s is a known hash", (_, keyHash, expected) => {
  expect(keyOf({ keyHash })).toMatchObject(expected)
})

test("a key with a SHA-256 may have more than 72 bytes, and no start", () => {
  const keyHash = `sha256:${DIGEST.toString("hex")}`
  expect(keyOf({ keyHash, keyLength: 200, start: "" })).toMatchObject({
    importedLength: 200,
    importedStart: "",
  })
})

test.each([
  [{ keyLength: 73 }, /^keyLength: bcrypt ignores everything after 72 bytes/],
  [{ keyHash: `sha256:${"0".repeat(64)}`, keyLength: 256 }, /^keyLength: expected at most 255$/],
  [{ keyLength: 33 }, /^start: it leaves fewer than 22 characters/],
  [{ start: "" }, /^start: expected at least 1 character$/],
  [{ start: "sk live" }, /^start: expected visible ASCII/],
  [{ keyHash: BCRYPT.replace("10", "15") }, /^keyHash: expected a cost from 4 to 14$/],
  [{ keyHash: BCRYPT.replace("10", "03") }, /^keyHash: expected a cost/],
  [{ keyHash: BCRYPT.replace("2b", "2x") }, /^keyHash: expected \$2a\$/],
  [{ keyHash: "0".repeat(64) }, /^keyHash: expected/],
  [{ keyHash: 7 }, /^keyHash: expected string$/],
  [{ subject: "" }, /^subject: expected 1 to 255/],
  [{ issuer: "latchkey" }, /^subject: expected the id of an account$/],
  [{ issuer: "latchkey:configuration" }, /^issuer: expected/],
  [{ label: "" }, /^label: must have 1 to 100/],
  [{ scopes: ["latchkey:manage"] }, /^scopes: expected no scopes of administrators$/],
  [{ allowedIps: ["192.0.2.1/24"] }, /allowedIps/],
  [{ createdAt: "yesterday" }, /^createdAt: expected a time in ISO 8601/],
  [{ createdAt: "9998-01-01T00:00:00Z" }, /^createdAt: expected a time in the past$/],
  [{ lastUsedAt: "9998-01-01T00:00:00Z" }, /^lastUsedAt: expected a time in the past$/],
  [{ scopes: ["a\0b"] }, /^scopes: expected visible ASCII/],
  [{ scopes: ["\ud800"] }, /^scopes: expected visible ASCII/],
  [{ scopes: ["reports:read reports:write"] }, /^scopes: expected visible ASCII/],
  [{ metadata: { plan: 7 } }, /^metadata: /],
  [{ keyhash: "secret" }, /^unknown fields: keyhash$/],
  [{ $2b$10$secret: 1 }, /^unknown fields$/],
])("%j is refused", (values, reason) => {
  const result = read(values)
  expect(result).toEqual({ refusal: expect.stringMatching(reason) })
  expect(JSON.stringify(result)).not.toMatch(/aaaa|\$secret|0000/)
})

test("scopes have to be declared, if the declared scopes are known", () => {
  expect(read({ scopes: ["reports:read", "latchkey:apikeys:read"] }, ["reports:read"])).toHaveProperty("key")
  expect(read({ scopes: ["reports:raed"] }, ["reports:read"])).toEqual({
    refusal: "scopes: expected those in SCOPES",
  })
})

test("prefixes of imported keys have at least 3 characters, and are not those of JWTs", () => {
  expect(["sk_", "acme-live.", "*"].every(isImportedPrefix)).toBe(true)
  expect(["", "sk", "eyJ", "eyJhbGciOi", "a,bc", "sk live", "x".repeat(51)].some(isImportedPrefix)).toBe(
    false,
  )
  expect(() => createImportedForms(["eyJ"])).toThrow(/importedKeyPrefixes/)
})
