import { once } from "node:events"
import { mkdtemp, writeFile } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { createTestDatabase, startFakePostgres, testCertificate } from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { createDatabase, ping } from "../index.ts"
import { causesOf } from "./causesOf.ts"

/** Migrates a database, and pings it through the pool. */
async function use(url: string) {
  const { db, migrate, close } = await createDatabase(url)
  try {
    await migrate()
    await ping(db)
  } finally {
    await close()
  }
}

/** Listens and forwards connections to the server of a URL. */
async function forward(url: string, at: { path: string } | { host: string; port: number }) {
  const { hostname, port } = new URL(url)
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    client
      .on("error", () => {})
      .pipe(upstream.on("error", () => {}))
      .pipe(client)
  })
  proxy.listen(at)
  await once(proxy, "listening")
  return {
    address: proxy.address(),
    async [Symbol.asyncDispose]() {
      proxy.close()
    },
  }
}

/** The first error code among a failure and its causes. */
async function codeOf(work: Promise<void>) {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return causesOf(failure)
    .map((cause) => "code" in cause && cause.code)
    .find(Boolean)
}

const withQuery = (url: string, query: string) => `${url}?${query}`

test.each([
  ["Neon", "sslmode=prefer&channel_binding=require"],
  ["Prisma", "schema=public&pgbouncer=true&connection_limit=1"],
  [
    "libpq",
    "gssencmode=disable&keepalives=1&keepalives_idle=30&connect_timeout=10&target_session_attrs=read-write",
  ],
  ["settings", "options=-c%20work_mem%3D8MB&application_name=mine"],
])("accepts the parameters of %s", async (_, query) => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  await use(withQuery(server.url, query))
})

test("settings and the application's name reach the pool's connections", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { db, close } = await createDatabase(
    withQuery(server.url, "options=-c%20work_mem%3D8MB&application_name=mine"),
  )
  const shown = await db.execute(
    "select current_setting('work_mem') as memory, current_setting('application_name') as name",
  )
  expect(shown).toEqual([{ memory: "8MB", name: "mine" }])
  await close()
})

test("connects to the first of several hosts that accepts connections", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { port, pathname } = new URL(server.url)
  await use(`postgres://postgres@127.0.0.1:1,127.0.0.1:${port}${pathname}`)
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
)

test.runIf(hasIpv6)("connects to an IPv6 address", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  await using proxy = await forward(server.url, { host: "::1", port: 0 })
  const address = proxy.address
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  await use(`postgres://postgres@[::1]:${address.port}${new URL(server.url).pathname}`)
})

test("connects to a Unix socket in a folder", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"))
  await using _ = await forward(server.url, { path: join(folder, ".s.PGSQL.6543") })
  await use(`postgres://postgres@${new URL(server.url).pathname}?host=${folder}&port=6543&sslmode=require`)
})

describe("TLS", () => {
  /** The SQLSTATE with which the server refuses a connection, once TLS is established. */
  const REACHED = "28P01"

  test.each([
    ["localhost", "sslmode=require", REACHED],
    ["localhost", "sslmode=prefer", REACHED],
    ["localhost", "sslmode=verify-full", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["localhost", "ssl=true", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["localhost", "sslmode=verify-full&sslrootcert=FILE", REACHED],
    ["localhost", "sslmode=require&sslcert=FILE&sslkey=KEY", REACHED],
    ["localhost", "sslmode=require&ssl_min_protocol_version=TLSv1.3", REACHED],
    ["127.0.0.1", "sslmode=verify-full&sslrootcert=FILE", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["127.0.0.1", "sslmode=verify-ca&sslrootcert=FILE", REACHED],
    ["127.0.0.1", "sslmode=require&sslrootcert=FILE", REACHED],
  ])("%s, %s: %s", async (host, query, code) => {
    const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"))
    const [file, key] = [join(folder, "cert"), join(folder, "key")]
    await Promise.all([writeFile(file, testCertificate.cert), writeFile(key, testCertificate.key)])
    await using server = await startFakePostgres({ code: REACHED, tls: testCertificate })
    const parameters = query.replace("FILE", file).replace("KEY", key)

    expect(await codeOf(use(`postgres://u@${host}:${server.port}/d?${parameters}`))).toBe(code)
  })

  test("prefer: connects to a server without TLS", async () => {
    await using server = await startFakePostgres({ code: REACHED })
    expect(await codeOf(use(`postgres://u@localhost:${server.port}/d?sslmode=prefer`))).toBe(REACHED)
  })

  test("require: refuses a server without TLS", async () => {
    await using server = await startFakePostgres({ code: REACHED })
    await expect(use(`postgres://u@localhost:${server.port}/d?sslmode=require`)).rejects.toThrow()
    expect(server.refused).toBe(0)
  })
})
