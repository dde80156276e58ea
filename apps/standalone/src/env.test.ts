import { expect, test } from "vitest"
import { EnvError, readEnv } from "./env.ts"

const secret = "6f1c9a0e5d7b4832a1c6e9f0b3d8572e"
const database = "postgres://user:pass@db.internal:5432/latchkey"

function problemsOf(variables: Record<string, string>) {
  try {
    readEnv(variables)
  } catch (error) {
    if (error instanceof EnvError) return error.problems
    throw error
  }
  return []
}

test("every variable is optional", () => {
  expect(readEnv({})).toMatchObject({
    PORT: 3000,
    HOST: "127.0.0.1",
    DATABASE_SCHEMA: "latchkey",
    ACCESS_TOKEN_TTL: 900,
    REFRESH_TOKEN_TTL: 2_592_000,
    BCRYPT_COST: 10,
    PASSWORDS: "on",
    REGISTRATION: "open",
    SCOPES: [],
    SERVED_ISSUERS: ["host"],
    TRUSTED_ISSUERS: [],
    ADMIN_SUBJECTS: [],
    MAX_KEYS_PER_USER: 100,
    ADMIN_EMAILS: [],
    PRODUCT_NAME: "Latchkey",
    AUDIT_RETENTION_DAYS: 365,
    CORS_ORIGINS: [],
    TRUST_PROXY: 0,
    RATE_LIMIT_FACTOR: 1,
    LOG_LEVEL: "info",
  })
  expect(readEnv({}).DATA_DIR).toMatch(/[/\\]\.latchkey$/)
})

test("an empty variable counts as unset", () => {
  const given = { PORT: "", AUTH_SECRET: "", AUTH_SECRET_PREVIOUS: "" }
  expect(readEnv(given)).toEqual({ ...readEnv({}), environment: given })
})

test("a fence needs the servers that may become the primary, and no leases", () => {
  const fenced = { DATABASE_URL: database, AUTH_SECRET: secret, REVOCATION_FENCE: "standby" }
  const servers = "postgres://user:pass@db1:5432,db2:5432/latchkey"
  expect(problemsOf({ REVOCATION_FENCE: "standby" })).toEqual([
    "REVOCATION_FENCE: expected off, as the embedded database has no standby",
  ])
  expect(problemsOf(fenced)).toEqual([
    expect.stringMatching(/^REVOCATION_FENCE_URL: expected all servers that may become the primary/),
  ])
  expect(problemsOf({ ...fenced, REVOCATION_FENCE_URL: servers, VERIFY_LEASE: "3" })).toEqual([
    expect.stringMatching(/^REVOCATION_FENCE: expected off with leases/),
  ])
  expect(problemsOf({ ...fenced, DATABASE_URL: servers })).toEqual([])
  expect(problemsOf({ ...fenced, REVOCATION_FENCE_URL: servers })).toEqual([])
})

test("lists are separated by commas", () => {
  const env = readEnv({
    CORS_ORIGINS: "https://one.example, https://two.example:8443",
    AUTH_SECRET_PREVIOUS: `${secret},${secret}x`,
    ADMIN_EMAILS: "Ada@Company.tld , bob@почта.рф",
  })
  expect(env.CORS_ORIGINS).toEqual(["https://one.example", "https://two.example:8443"])
  expect(env.AUTH_SECRET_PREVIOUS).toEqual([secret, `${secret}x`])
  expect(env.ADMIN_EMAILS).toEqual(["ada@company.tld", "bob@xn--80a1acny.xn--p1ai"])
})

test.each([
  ["https://App.Example:443", "https://app.example"],
  ["http://[0::1]:80", "http://[::1]"],
  ["https://bücher.example", "https://xn--bcher-kva.example"],
  ["capacitor://localhost", "capacitor://localhost"],
  ["ionic://localhost:8080", "ionic://localhost:8080"],
  ["tauri://localhost", "tauri://localhost"],
  ["app://-", "app://-"],
  [
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
  ],
  [
    "moz-extension://5dd4ac6b-1a3f-4b6c-9b51-2f1b5a1e8f6e",
    "moz-extension://5dd4ac6b-1a3f-4b6c-9b51-2f1b5a1e8f6e",
  ],
])("the CORS origin %s is normalized to %s, as browsers send it", (text, expected) => {
  expect(readEnv({ CORS_ORIGINS: text }).CORS_ORIGINS).toEqual([expected])
})

test.each([
  ["PORT", "http"],
  ["PORT", "65536"],
  ["PORT", "-1"],
  ["PORT", "3000.5"],
  ["METRICS_PORT", "no"],
  ["KEEP_ALIVE_TIMEOUT", "0"],
  ["KEEP_ALIVE_TIMEOUT", "75s"],
  ["DATABASE_URL", "mysql://user:hunter2@db/latchkey"],
  ["DATABASE_URL", "postgres://user:hunter2%@db/latchkey"],
  ["DATABASE_URL", "postgres://user:hunter2/hunter2@db/latchkey"],
  ["DATABASE_SCHEMA", "Latchkey"],
  ["DATABASE_SCHEMA", "pg_hunter2"],
  ["DATABASE_SCHEMA", 'hunter2"; drop schema public'],
  ["DATABASE_SCHEMA", "x".repeat(64)],
  ["AUTH_SECRET", "hunter2"],
  ["AUTH_SECRET", "change-me-change-me-change-me-change-me"],
  ["AUTH_SECRET", "x".repeat(64)],
  ["AUTH_SECRET_PREVIOUS", `${secret},hunter2`],
  ["ACCESS_TOKEN_TTL", "0"],
  ["BCRYPT_COST", "9"],
  ["BCRYPT_COST", "15"],
  ["MAX_KEY_LIFETIME_DAYS", "0"],
  ["MAX_KEY_LIFETIME_DAYS", "36501"],
  ["REGISTRATION", "maybe"],
  ["ADMIN_EMAILS", "ada@company.tld,hunter2"],
  ["ADMIN_EMAILS", "ada@company.tld,"],
  ["ADMIN_EMAILS", "ada@company.tld;bob@company.tld"],
  ["ADMIN_EMAILS", `${"x".repeat(250)}@company.tld`],
  ["CORS_ORIGINS", "https://one.example/path"],
  ["CORS_ORIGINS", "*"],
  ["CORS_ORIGINS", "null"],
  ["CORS_ORIGINS", "https://*.example"],
  ["CORS_ORIGINS", "https://one.example/"],
  ["CORS_ORIGINS", "https://one.example?"],
  ["CORS_ORIGINS", "https://ada:hunter2@one.example"],
  ["CORS_ORIGINS", "capacitor://localhost/path"],
  ["CORS_ORIGINS", "capacitor://ada:hunter2@localhost"],
  ["CORS_ORIGINS", "capacitor://"],
  ["CORS_ORIGINS", "file:///hunter2"],
  ["CORS_ORIGINS", "https:one.example"],
  ["CORS_ORIGINS", "one.example"],
  ["CORS_ORIGINS", "https://one.example,"],
  ["TRUST_PROXY", "true"],
  ["RATE_LIMIT_FACTOR", "0"],
  ["LOG_LEVEL", "loud"],
])("an invalid %s is reported in one line with what was expected, without the value", (name, value) => {
  const problems = problemsOf({ [name]: value, ...(name === "DATABASE_URL" && { AUTH_SECRET: secret }) })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(new RegExp(`^${name}: expected .+`))
  expect(problems[0]).not.toContain("hunter2")
})

test("DATABASE_URL requires AUTH_SECRET", () => {
  expect(readEnv({ DATABASE_URL: database, AUTH_SECRET: secret })).toMatchObject({ DATABASE_URL: database })
  expect(problemsOf({ DATABASE_URL: database })).toEqual([expect.stringMatching(/^AUTH_SECRET: required/)])
})

test("all invalid variables are reported together", () => {
  const problems = problemsOf({ PORT: "x", BCRYPT_COST: "x", DATABASE_URL: database })
  expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual([
    "AUTH_SECRET",
    "BCRYPT_COST",
    "PORT",
  ])
})

test("lists and JSON about owners are read", () => {
  const issuer = "https://issuer.company.tld"
  const env = readEnv({
    SCOPES: "reports:read, reports:write",
    SERVED_ISSUERS: "shop,blog",
    KEY_PREFIX: "acme",
    KEY_RATE_LIMIT: "1000/60",
    ADMIN_SUBJECTS: JSON.stringify([{ issuer, subject: "ada" }]),
    TRUSTED_ISSUERS: JSON.stringify([{ issuer, audience: "api" }]),
  })
  expect(env).toMatchObject({
    SCOPES: ["reports:read", "reports:write"],
    SERVED_ISSUERS: ["shop", "blog"],
    KEY_PREFIX: "acme",
    KEY_RATE_LIMIT: { limit: 1000, window: 60 },
    ADMIN_SUBJECTS: [{ issuer, subject: "ada" }],
    TRUSTED_ISSUERS: [{ issuer, audience: ["api"] }],
  })
})

test.each([
  ["SCOPES", "reports read"],
  ["SCOPES", "latchkey:manage"],
  ["KEY_PREFIX", "ACME"],
  ["BOOTSTRAP_KEY", "a password"],
  ["BOOTSTRAP_KEY", "0".repeat(64)],
  ["BOOTSTRAP_KEY", `${secret}${secret},${secret}${secret}`],
  ["BOOTSTRAP_KEY", [1, 2, 3].map((n) => `${secret}${secret.slice(1)}${n}`).join()],
  ["INTROSPECTION_KEYS", `${secret}${secret}0`],
  ["ADMIN_SUBJECTS", "ada"],
  ["ADMIN_SUBJECTS", '[{ "issuer": "host" }]'],
  ["TRUSTED_ISSUERS", '[{ "issuer": "https://issuer.company.tld" }]'],
  ["TRUSTED_ISSUERS", "https://issuer.company.tld"],
  ["PUBLIC_URL", "company.tld"],
  ["PASSWORDS", "no"],
  ["PRODUCT_NAME", "x".repeat(61)],
  ["PRODUCT_LOGO_URL", "ftp://acme.example/logo.png"],
  ["PRODUCT_ACCENT_COLOR", "red"],
  ["PRODUCT_API_URL", "acme.example"],
  ["KEY_RATE_LIMIT", "100"],
  ["KEY_RATE_LIMIT", "0/60"],
  ["KEY_RATE_LIMIT", "100/86401"],
  ["KEY_RATE_LIMIT", "1000000001/60"],
  ["KEY_RATE_LIMIT", "1.5/60"],
])("%s=%s is one problem", (name, value) => {
  const problems = problemsOf({ [name]: value })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(new RegExp(`^${name}: .*expected`))
})

test("mails need a public URL, and the sender may have a name", () => {
  const mail = { SMTP_URL: "smtps://user:secret@smtp.company.tld", SMTP_FROM: "Acme Keys <keys@company.tld>" }
  expect(problemsOf(mail)).toEqual(["PUBLIC_URL: required with SMTP_URL, for the links in mails"])
  const env = readEnv({ ...mail, PUBLIC_URL: "https://keys.company.tld" })
  expect(env.SMTP_FROM).toEqual({ name: "Acme Keys", address: "keys@company.tld" })
  expect(readEnv({ SMTP_FROM: "keys@company.tld" }).SMTP_FROM).toEqual({
    name: "",
    address: "keys@company.tld",
  })
  for (const SMTP_FROM of ["Acme", "Acme <keys>", "A\r\nBcc: x <keys@company.tld>"]) {
    expect(problemsOf({ SMTP_FROM })).toHaveLength(1)
  }
  for (const SMTP_URL of ["smtp.company.tld:25", "https://smtp.company.tld", "smtp://"]) {
    expect(problemsOf({ SMTP_URL, PUBLIC_URL: "https://keys.company.tld" })).toEqual([
      expect.stringMatching(/^SMTP_URL: expected a URL such as smtps:/),
    ])
  }
})

test.each(["socketTimeout=abc", "greetingTimeout=", "connectionTimeout=-5", "dnsTimeout=0", "connection=x"])(
  "SMTP_URL with %s is one problem",
  (option) => {
    const SMTP_URL = `smtp://smtp.company.tld?pool=true&${option}`
    const problems = problemsOf({ SMTP_URL, PUBLIC_URL: "https://keys.company.tld" })
    expect(problems).toEqual([expect.stringMatching(/^SMTP_URL: .*expected/)])
    expect(problems[0]).toContain(option.split("=")[0])
  },
)

test("idle sessions must leave clients the time to refresh", () => {
  expect(readEnv({ SESSION_IDLE_TTL: "960" }).SESSION_IDLE_TTL).toBe(960)
  expect(problemsOf({ SESSION_IDLE_TTL: "959" })).toEqual([
    "SESSION_IDLE_TTL: expected at least 60 more than ACCESS_TOKEN_TTL, so that clients refresh in time",
  ])
})
