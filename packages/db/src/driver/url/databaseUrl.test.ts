import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { DatabaseUrlError, parseDatabaseUrl } from "../../index.ts"

const optionsOf = (url: string) => parseDatabaseUrl(url).options

function problemOf(url: string): string {
  try {
    parseDatabaseUrl(url)
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error.message
    throw error
  }
  throw new Error(`${url} was accepted`)
}

test.each([
  ["postgres://h/d", { host: ["h"], port: [5432], database: "d" }],
  [
    "postgresql://u:p%40%2F%25@h:6543/d%20e",
    { user: "u", pass: "p@/%", host: ["h"], port: [6543], database: "d e" },
  ],
  ["postgres://u:a@b#c:d@h/d", { user: "u", pass: "a@b#c:d", host: ["h"] }],
  ["postgres://u@[::1]:6543/d", { host: ["::1"], port: [6543] }],
  ["postgres://u@[fe80::1%25eth0]/d", { host: ["fe80::1%eth0"], port: [5432] }],
  ["postgres://u@a:1,[::2]:2,c/d", { host: ["a", "::2", "c"], port: [1, 2, 5432] }],
  ["postgres://u@/d?host=a,b&port=6543", { host: ["a", "b"], port: [6543, 6543] }],
  ["postgres:///d?host=a&user=u&password=p%26w", { host: ["a"], user: "u", pass: "p&w", database: "d" }],
  ["postgres:///d?user=u@tenant", { user: "u@tenant", host: ["localhost"] }],
  ["postgres:///?dbname=d&host=/var/run/postgresql", { path: "/var/run/postgresql/.s.PGSQL.5432" }],
  ["postgres://u@%2Frun%2Fpg:6543/d?sslmode=require", { path: "/run/pg/.s.PGSQL.6543", ssl: false }],
  ["postgres://h/d?target_session_attrs=primary", { host: ["h"], database: "d" }],
  [
    "postgres://h/d?application_name=x&fallback_application_name=y",
    { connection: { application_name: "x" } },
  ],
  [
    "postgres://h/d?options=-c+search_path%3Dapp",
    { connection: { application_name: "latchkey", options: "-c search_path=app" } },
  ],
  [
    "postgres://h/d?schema=My%22App",
    { connection: { application_name: "latchkey", search_path: '"My""App"' } },
  ],
  ["postgres://h/d\n", { database: "d" }],
])("%s", (url, options) => {
  expect(optionsOf(url)).toMatchObject(options)
})

test("omitted parts get the defaults", () => {
  expect(optionsOf("postgres://")).toEqual({
    host: ["localhost"],
    port: [5432],
    ssl: false,
    connection: { application_name: "latchkey" },
  })
})

test.each([
  ["Neon", "sslmode=require&channel_binding=require", ["channel_binding"]],
  [
    "Prisma",
    "schema=public&pgbouncer=true&connection_limit=1&pool_timeout=0",
    ["pgbouncer", "connection_limit", "pool_timeout"],
  ],
  ["Supabase on Vercel", "sslmode=require&supa=base-pooler.x", ["supa"]],
  [
    "libpq",
    "keepalives=1&keepalives_idle=30&connect_timeout=10&gssencmode=disable",
    ["keepalives", "keepalives_idle", "connect_timeout"],
  ],
  ["redundant values", "channel_binding=prefer&gssencmode=prefer&sslmode=&connect_timeout=", []],
])("accepts parameters (%s), and names those without effect", (_, query, ignored) => {
  expect(parseDatabaseUrl(`postgres://u:p@h/d?${query}`).ignored).toEqual(ignored)
})

test.each([
  ["http://h/d", /^expected a URL such as/],
  ["u:hunter2@h/d", /^expected a URL such as/],
  ["postgres://u:hunter2%zz@h/d", /write a % in the password as %25/],
  ["postgres://u:hunter2%00@h/d", /each %/],
  ["postgres://h/d?password=hunter2%", /^password: expected each %/],
  ["postgres://u:hunter2/hunter2@h/d", /%2F, %3F, %23 and %40/],
  ["postgres://u:99/hunter2@h/d", /%2F, %3F, %23 and %40/],
  ["postgres://u:hunter2?hunter2@h/d", /%2F, %3F, %23 and %40/],
  ["postgres://u:99?hunter2=1@h/d", /%2F, %3F, %23 and %40/],
  ["postgres://u:secret@hunter2/secret@h/d", /%2F, %3F, %23 and %40/],
  ["postgres://h:http/d", /^expected a host and a port/],
  ["postgres://h:65536/d", /^port: expected a number/],
  ["postgres://h:0/d", /^port: expected a number/],
  ["postgres://::1/d", /\[::1\]:5432/],
  ["postgres://[hunter2]/d", /^expected a host name/],
  ["postgres://[a:b]/d", /^expected a host name/],
  ["postgres://a,b/d?port=1,2,3", /^port: expected one port/],
  ["postgres:///d?host=/tmp,b", /one folder of a Unix socket/],
  ["postgres://h/d?sslmode=hunter2", /^sslmode: expected one of disable,/],
  ["postgres://h/d?ssl=hunter2", /^ssl: expected one of true,/],
  ["postgres://h/d?sslmode=require&sslrootcert=/nowhere/hunter2", /^sslrootcert: .* \(ENOENT\)$/],
  ["postgres://h/d?sslmode=require&sslrootcert=system", /^sslmode: expected verify-full/],
  ["postgres://h/d?sslmode=require&sslcert=/nowhere", /^sslcert and sslkey: expected both/],
  ["postgres://h/d?sslmode=prefer&sslnegotiation=direct", /^sslmode: expected require/],
  ["postgres://h/d?target_session_attrs=standby", /^target_session_attrs: expected any/],
  ["postgres://h/d?gssencmode=require", /^gssencmode: expected disable/],
  ["postgres://h/d?channel_binding=hunter2", /^channel_binding: expected/],
  ["postgres://h/d?require_auth=scram-sha-256", /^unknown parameter require_auth; /],
  ["postgres://h/d?work_mem=8MB", /^unknown parameter work_mem; .* options=-c/],
  ["postgres://h/d?hunter2%20x=1", /^unknown parameter; /],
])("refuses %s with a message that repeats no value", (url, problem) => {
  const message = problemOf(url)
  expect(message).toMatch(problem)
  expect(message).not.toContain("hunter2")
})

describe("TLS", () => {
  const sslOf = (query: string, host = "h") => optionsOf(`postgres://${host}/d?${query}`).ssl

  test.each([
    ["", false],
    ["sslmode=disable", false],
    ["ssl=false", false],
    ["sslmode=allow", "prefer"],
    ["sslmode=prefer", "prefer"],
  ])("%s", (query, ssl) => {
    expect(sslOf(query)).toBe(ssl)
  })

  test.each([
    ["sslmode=require", false, false],
    ["sslmode=no-verify", false, false],
    ["sslmode=verify-ca", true, false],
    ["sslmode=verify-full", true, true],
    ["sslrootcert=system", true, true],
    ["ssl=true", true, true],
  ])("%s: checks the certificate: %s, and its name: %s", (query, certificate, name) => {
    expect(sslOf(query)).toMatchObject({ rejectUnauthorized: certificate })
    expect(typeof sslOf(query) === "object" && "checkServerIdentity" in Object(sslOf(query))).toBe(!name)
  })

  test("a file without a certificate is reported by the name of its parameter", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "latchkey-test-")), "root.crt")
    await writeFile(file, "hunter2")
    expect(problemOf(`postgres://h/d?sslmode=require&sslrootcert=${encodeURIComponent(file)}`)).toBe(
      "sslrootcert: expected a file with a certificate in PEM",
    )
  })
})
