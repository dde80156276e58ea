import { createHash } from "node:crypto"
import { codeBlock } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { fromBetterAuth } from "./fromBetterAuth.ts"
import { fromUnkey } from "./fromUnkey.ts"
import { readImportedKey } from "./readImportedKey.ts"

const digest = createHash("sha256").update("key").digest()

const keyOf = (line: object) => {
  const result = readImportedKey(line, { issuer: "host", scopes: undefined })
  if ("refusal" in result) throw new TypeError(result.refusal)
  return result.key
}

const betterAuth = {
  id: "Zk3vq0",
  configId: "default",
  name: "Nightly import",
  start: "acme_X",
  prefix: "acme_",
  referenceId: "user_7",
  key: digest.toString("base64url"),
  refillInterval: null,
  enabled: true,
  rateLimitEnabled: true,
  rateLimitTimeWindow: 60_000,
  rateLimitMax: 100,
  requestCount: 3,
  remaining: null,
  lastRequest: "2026-01-02T03:04:05.123+00:00",
  expiresAt: null,
  createdAt: "2025-01-02 03:04:05.123",
  updatedAt: "2025-01-02 03:04:05.123",
  permissions: '{"reports":["read","write"]}',
  metadata: '{"plan":"pro","seats":3}',
}

test("a row of Better Auth keeps its owner, limit, permissions, metadata and times", () => {
  expect(keyOf(fromBetterAuth(betterAuth))).toMatchObject({
    owner: { issuer: "host", subject: "user_7" },
    label: "Nightly import",
    hashKind: "sha256",
    keyHash: digest.toString("hex"),
    importedStart: "acme_X",
    importedLength: 69,
    scopes: ["reports:read", "reports:write"],
    rateLimit: { limit: 100, window: 60 },
    metadata: { plan: "pro", seats: "3" },
    disabled: false,
    createdAt: new Date("2025-01-02T03:04:05.123Z"),
    lastUsedAt: new Date("2026-01-02T03:04:05.123Z"),
  })
})

test("a row of Better Auth without permissions gets no scopes; older columns and SQLite's values are understood", () => {
  const { referenceId, ...older } = betterAuth
  const row = {
    ...older,
    user_id: referenceId,
    name: null,
    prefix: null,
    permissions: null,
    enabled: 0,
    rate: 1,
  }
  expect(keyOf(fromBetterAuth({ ...row, rateLimitEnabled: 0 }))).toMatchObject({
    owner: { subject: "user_7" },
    label: "Imported key",
    scopes: [],
    rateLimit: null,
    disabled: true,
    importedLength: 64,
  })
})

test("a row of Better Auth is refused if its key is not hashed, or has a limited number of uses", () => {
  expect(fromBetterAuth({ ...betterAuth, key: "k".repeat(64) })).toEqual({
    refusal: expect.stringMatching(/^key: expected a SHA-256/),
  })
  expect(fromBetterAuth({ ...betterAuth, remaining: 5 })).toEqual({
    refusal: expect.stringMatching(/^remaining: /),
  })
})

test("a row of Better Auth whose limit is 0 is refused, and one without a limit is not limited", () => {
  expect(() => keyOf(fromBetterAuth({ ...betterAuth, rateLimitMax: 0 }))).toThrow(/^rateLimit: /)
  expect(keyOf(fromBetterAuth({ ...betterAuth, rateLimitMax: null }))).toMatchObject({ rateLimit: null })
})

test("a row of Better Auth is refused if its list of addresses can't be read", () => {
  expect(fromBetterAuth({ ...betterAuth, ipAllowlist: "203.0.113.7" })).toEqual({
    refusal: "ipAllowlist: expected JSON",
  })
  for (const none of [undefined, null, "", "null"]) {
    expect(keyOf(fromBetterAuth({ ...betterAuth, ipAllowlist: none }))).toMatchObject({ allowedIps: null })
  }
})

const unkey = {
  id: "key_1",
  hash: digest.toString("base64"),
  start: "acme_3ZxA",
  owner_id: "user_7",
  name: null,
  meta: '{"plan":"pro"}',
  expires: "2030-01-02 03:04:05.000",
  created_at_m: 1_735_787_045_000,
  deleted_at_m: null,
  enabled: 1,
  remaining_requests: null,
  last_used_at: 0,
  pending_migration_id: null,
  permissions: ["reports:read"],
}

test("a row of Unkey keeps its owner, permissions, metadata and times, and shows its prefix", () => {
  expect(keyOf(fromUnkey(unkey))).toMatchObject({
    owner: { subject: "user_7" },
    label: "Imported key",
    keyHash: digest.toString("hex"),
    importedStart: "acme_",
    importedLength: 27,
    scopes: ["reports:read"],
    metadata: { plan: "pro" },
    createdAt: new Date(1_735_787_045_000),
    lastUsedAt: null,
    expiresAt: new Date("2030-01-02T03:04:05Z"),
  })
  expect(
    keyOf(fromUnkey({ ...unkey, external_id: "org_1", prefix: "live", start: "3ZxA" }, 57)),
  ).toMatchObject({
    owner: { subject: "org_1" },
    importedStart: "live_",
    importedLength: 62,
  })
})

test("the statement of docs/migrating.md selects what a row of Unkey needs", () => {
  const names = [...codeBlock("docs/migrating.md", "sql", "From Unkey").matchAll(/'(\w+)'/g)].map(
    ([, name]) => name,
  )
  expect(names.sort()).toEqual([...Object.keys(unkey), "external_id"].sort())
})

test.each([
  ["deleted_at_m", 1],
  ["pending_migration_id", "migration_1"],
  ["remaining_requests", 10],
])("a row of Unkey with %s is refused", (column, value) => {
  expect(fromUnkey({ ...unkey, [column]: value })).toEqual({
    refusal: expect.stringMatching(new RegExp(`^${column}: `)),
  })
})
