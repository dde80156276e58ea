import { expect, test } from "vitest"
import { createLatchkeyServer } from "../createLatchkeyServer.ts"
import type { LatchkeyServerOptions } from "./options.ts"

const valid: LatchkeyServerOptions = {
  databaseUrl: "postgres://me:database-password@localhost/keys",
  secret: "d1f0c3a58b7e49620f1e2d3c4b5a69788796a5b4c3d2e1f0",
}

/** The message for these options instead of the valid ones; null if there is none. */
function messageFor(options: object): string | null {
  try {
    createLatchkeyServer({ ...valid, ...options } as LatchkeyServerOptions)
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as Error).message
  }
}

test("the defaults suffice", () => {
  expect(messageFor({})).toBeNull()
  expect(messageFor({ databaseUrl: undefined, database: "embedded" })).toBeNull()
  expect(messageFor({ keyRateLimit: "1000/60" })).toBeNull()
  expect(
    messageFor({ revocationFence: "standby", databaseUrl: "postgres://me@db1:5432,db2:5432/keys" }),
  ).toBeNull()
  expect(messageFor({ keyRateLimit: { limit: 1_000, window: 60 } })).toBeNull()
})

test.each<[string, object, RegExp]>([
  ["no database", { databaseUrl: undefined }, /^databaseUrl: expected the URL of a PostgreSQL database, or/],
  ["two databases", { database: "embedded" }, /^databaseUrl: expected no URL/],
  [
    "another kind of database",
    { databaseUrl: "mysql://localhost/keys" },
    /^databaseUrl: expected a URL such as/,
  ],
  ["no secret", { secret: undefined }, /^secret: expected at least 32 random bytes/],
  ["a short secret", { secret: "short-secret-word" }, /^secret: expected at least 32 bytes$/],
  [
    "a placeholder",
    { secret: "change-me-change-me-change-me-change-me" },
    /^secret: expected a random secret/,
  ],
  ["a short previous secret", { previousSecret: "short-secret-word" }, /^previousSecret: expected/],
  ["scopes that are no list", { scopes: "reports:read" }, /^scopes: expected a list/],
  ["a scope with a space", { scopes: ["reports read"] }, /^scopes\.0: expected scopes such as/],
  ["a scope of Latchkey's", { scopes: ["latchkey:manage"] }, /^scopes\.0: .*none that begins with latchkey:/],
  ["a scope twice", { scopes: ["a", "a"] }, /^scopes: expected each scope once/],
  ["a prefix in capitals", { keyPrefix: "ACME" }, /^keyPrefix: expected 2 to 20 characters/],
  ["identify that is no function", { identify: {} }, /^identify: expected a function/],
  ["Latchkey's own issuer", { issuer: "latchkey" }, /^issuer: .*not latchkey/],
  ["a base path without a slash", { basePath: "latchkey" }, /^basePath: expected a path such as/],
  ["a base path that ends with a slash", { basePath: "/latchkey/" }, /^basePath: expected a path/],
  [
    "an origin with a path",
    { allowedOrigins: ["https://a.example/x"] },
    /^allowedOrigins\.0: expected origins/,
  ],
  ["a schema of PostgreSQL", { schema: "pg_catalog" }, /^schema: expected/],
  [
    "a fence of one server",
    { revocationFence: "standby" },
    /^revocationFenceUrl: expected all servers that may become the primary/,
  ],
  [
    "a fence beside leases",
    { revocationFence: "standby", revocationFenceUrl: "postgres://me@db1,db2/keys", verifyLease: 3 },
    /^revocationFence: expected off with leases/,
  ],
  [
    "a fence of the embedded database",
    { databaseUrl: undefined, database: "embedded", revocationFence: "standby" },
    /^revocationFence: expected off, as the embedded/,
  ],
  ["no connections", { maxConnections: 0 }, /^maxConnections: expected a whole number from 1 to 1000/],
  ["a logger without methods", { logger: {} }, /^logger: expected a logger such as pino's/],
  [
    "a database that is not embedded",
    { databaseUrl: undefined, database: "memory" },
    /^database: expected "embedded"/,
  ],
  ["a secret with a space", { secret: `${valid.secret} ` }, /^secret: expected no whitespace/],
  ["scopes that are numbers", { scopes: [1] }, /^scopes\.0: expected scopes such as/],
  ["a prefix that is no string", { keyPrefix: 1 }, /^keyPrefix: expected 2 to 20 characters/],
  [
    "a limit of no calls",
    { keyRateLimit: { limit: 0, window: 60 } },
    /^keyRateLimit: expected limit\/seconds/,
  ],
  ["a limit without seconds", { keyRateLimit: "100" }, /^keyRateLimit: expected limit\/seconds/],
  [
    "a limit with a unit",
    { keyRateLimit: { limit: 1, unit: "s" } },
    /^keyRateLimit: expected limit\/seconds/,
  ],
  ["no keys", { maxKeysPerOwner: 0 }, /^maxKeysPerOwner: expected a whole number from 1/],
  ["half a key", { maxKeysPerOwner: 1.5 }, /^maxKeysPerOwner: expected a whole number/],
  ["an empty issuer", { issuer: "" }, /^issuer: expected 1 to 255 visible ASCII characters/],
  ["an issuer to serve with a space", { servedIssuers: ["a b"] }, /^servedIssuers\.0: expected 1 to 255/],
  ["issuers to serve that are no list", { servedIssuers: "host" }, /^servedIssuers: expected/],
  ["trusted issuers that are no list", { trustedIssuers: {} }, /^trustedIssuers: /],
  [
    "a trusted issuer for any audience",
    { trustedIssuers: [{ issuer: "https://id.example" }] },
    /^trustedIssuers: .*audience/,
  ],
  [
    "a trusted issuer twice",
    {
      trustedIssuers: [
        { issuer: "https://id.example", audience: "a" },
        { issuer: "https://id.example", audience: "b" },
      ],
    },
    /^trustedIssuers: .*(twice|once)/,
  ],
  ["administrators that are no list", { adminSubjects: "ada" }, /^adminSubjects: expected a list/],
  [
    "an administrator without issuer",
    { adminSubjects: [{ subject: "ada" }] },
    /^adminSubjects\.0\.issuer: expected/,
  ],
  [
    "an administrator with a control character",
    { adminSubjects: [{ issuer: "host", subject: "a\nb" }] },
    /^adminSubjects\.0\.subject: expected 1 to 255 characters/,
  ],
  ["passwords that are neither on nor off", { passwords: true }, /^passwords: expected "on" or "off"/],
  [
    "a public URL of another scheme",
    { publicUrl: "ftp://a.example" },
    /^publicUrl: expected an http or https URL/,
  ],
  ["a public URL with a query", { publicUrl: "https://a.example/?b" }, /^publicUrl: .*query and fragment/],
  ["a public URL with a fragment", { publicUrl: "https://a.example/#" }, /^publicUrl: .*query and fragment/],
  ["a public URL with a user", { publicUrl: "https://a@b.example" }, /^publicUrl: .*without credentials/],
  [
    "origins that are no list",
    { allowedOrigins: "https://a.example" },
    /^allowedOrigins: expected a list of origins/,
  ],
  ["an origin that is no string", { allowedOrigins: [1] }, /^allowedOrigins\.0: expected origins/],
  ["a product without a name", { product: { name: " " } }, /^product\.name: expected 1 to 60 characters/],
  [
    "a color by name",
    { product: { accentColor: "teal" } },
    /^product\.accentColor: expected a color such as/,
  ],
  [
    "a logo in the clear",
    { product: { logo: "http://acme.example/x.png" } },
    /^product\.logo: expected the https/,
  ],
  ["a logo of another host", { product: { logo: "//acme.example/x.png" } }, /^product\.logo: expected/],
  ["a logo that is a script", { product: { logo: "javascript:alert(1)" } }, /^product\.logo: expected/],
  [
    "an API with a password",
    { product: { apiUrl: "https://a:b@acme.example" } },
    /^product\.apiUrl: .*credentials/,
  ],
  ["a product that is a name", { product: "Acme" }, /^product: expected \{ name/],
  ["an unknown field of the product", { product: { colour: "#fff" } }, /^product\.colour: no such option/],
  ["a dashboard that is neither", { dashboard: "yes" }, /^dashboard: expected true or false/],
  ["a schema with a quote", { schema: 'a"b' }, /^schema: expected/],
  ["another way to migrate", { migrate: "always" }, /^migrate: expected "auto" or "check"/],
  ["waitUntil that is no function", { waitUntil: true }, /^waitUntil: expected a function/],
  ["a base path that is no string", { basePath: 1 }, /^basePath: expected a path/],
  ["a public URL that is no string", { publicUrl: 1 }, /^publicUrl: expected an http or https URL/],
  ["a schema that is no string", { schema: 1 }, /^schema: expected/],
  ["a misspelled option", { databaseURL: "x" }, /^databaseURL: no such option$/],
])("%s", (_, options, message) => {
  expect(messageFor(options)).toMatch(message)
})

test("no options at all", () => {
  expect(() => createLatchkeyServer(undefined as never)).toThrow(TypeError)
  expect(() => createLatchkeyServer({} as never)).toThrow(
    /^databaseUrl: [^\n]+\nsecret: |^secret: [^\n]+\ndatabaseUrl: /,
  )
})

test("one error names every wrong option, and no value of a secret", () => {
  const message = messageFor({
    databaseUrl: "mysql://me:database-password@localhost",
    secret: "short-secret-word",
    previousSecret: ["other-secret-word"],
    maxConnections: "many",
    "short-secret-word": true,
  })
  const lines = message?.split("\n") ?? []
  const names = lines.map((line) => line.split(":")[0])
  expect(names).toEqual(["databaseUrl", "secret", "previousSecret", "maxConnections", "options"])
  expect(message).not.toMatch(/secret-word|database-password/)
})
