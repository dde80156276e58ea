import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, writeFile } from "node:fs/promises"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMigratedDatabase } from "@latchkey/db/test"
import {
  connect,
  createTestDatabase,
  gate,
  startFakePostgres,
  startPostgres,
  startStandby,
  testCertificate,
} from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { explainStartFailure } from "../../src/start/explainStartFailure.ts"
import { newSecret, startTestServer } from "../testServer.ts"
import { startFailureMessage } from "./startFailureMessage.ts"

/** A TCP server that treats each connection like this. */
async function startTcpServer(treat: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}))
    treat(socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const newFolder = () => mkdtemp(join(tmpdir(), "latchkey-test-"))

describe("DATABASE_URL", () => {
  test.each([
    ["28P01", "expected a user and password that PostgreSQL accepts"],
    ["28000", "expected a user that PostgreSQL lets in"],
    ["3D000", "expected a database that exists"],
    ["53300", "expected a PostgreSQL with free connections"],
    ["57P01", "expected a running PostgreSQL; it is shutting down"],
    ["42704", "expected options and settings that PostgreSQL knows"],
    ["XX000", "expected a PostgreSQL in which Latchkey can create its tables"],
  ])("a server that refuses with %s", async (code, sentence) => {
    await using server = await startFakePostgres({ code })
    const text = await startFailureMessage({
      DATABASE_URL: `postgres://u:hunter2@localhost:${server.port}/d`,
    })
    expect(text).toContain(`DATABASE_URL: ${sentence}`)
    expect(text).toContain(`(${code})`)
  })

  const NO_ANSWER = "expected a running PostgreSQL; it did not answer in time (ETIMEDOUT)"
  const LOST =
    "expected a running PostgreSQL, with TLS if sslmode requires it; the connection was lost (ECONNRESET)"
  const NOT_POSTGRES = "expected a PostgreSQL; another kind of server answered (NOT_POSTGRES)"

  describe.each(["disable", "prefer", "require"])("with sslmode=%s", (sslmode) => {
    test.each<[name: string, treat: (socket: Socket) => void, sentence: string]>([
      ["accepts connections and never answers", () => {}, NO_ANSWER],
      ["closes every connection", (socket) => socket.end(), LOST],
      ["closes at the first message", (socket) => socket.once("data", () => socket.end()), LOST],
      [
        "answers over HTTP",
        (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
        NOT_POSTGRES,
      ],
      ["greets first, as SSH does", (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"), NOT_POSTGRES],
    ])("a server that %s", async (_, treat, sentence) => {
      await using server = await startTcpServer(treat)
      const url = `postgres://u:hunter2@127.0.0.1:${server.port}/d?sslmode=${sslmode}`
      expect(await startFailureMessage({ DATABASE_URL: url })).toBe(`DATABASE_URL: ${sentence}`)
    })
  })

  test("a server that agrees to TLS and never begins it", async () => {
    await using server = await startTcpServer((socket) => socket.once("data", () => socket.write("S")))
    const url = `postgres://u:hunter2@127.0.0.1:${server.port}/d?sslmode=require`
    expect(await startFailureMessage({ DATABASE_URL: url })).toBe(`DATABASE_URL: ${NO_ANSWER}`)
  })

  test("a standby is refused; with its primary as the second host, the server starts", async () => {
    await using primary = await startPostgres()
    await using standby = await startStandby(primary)
    expect(await startFailureMessage({ DATABASE_URL: standby.url })).toBe(
      "DATABASE_URL: expected a primary; this server is a standby",
    )

    const hosts = `127.0.0.1:${new URL(standby.url).port},127.0.0.1:${new URL(primary.url).port}`
    await using server = await startTestServer({
      DATABASE_URL: `postgres://postgres@${hosts}/postgres?target_session_attrs=read-write`,
      AUTH_SECRET: newSecret(),
    })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  test("certificates that can't be verified or read", async () => {
    await using server = await startFakePostgres({ code: "28P01", tls: testCertificate })
    const file = join(await newFolder(), "root.crt")
    await writeFile(file, testCertificate.cert)
    const url = (host: string, query: string) => ({
      DATABASE_URL: `postgres://u@${host}:${server.port}/d?${query}`,
    })

    expect(await startFailureMessage(url("localhost", "sslmode=verify-full"))).toMatch(
      /^DATABASE_URL: expected a certificate from a known authority; .* sslrootcert/,
    )
    expect(await startFailureMessage(url("127.0.0.1", `sslmode=verify-full&sslrootcert=${file}`))).toMatch(
      /^DATABASE_URL: expected a certificate for this host; /,
    )
    expect(await startFailureMessage(url("localhost", "sslmode=verify-full&sslrootcert=/nowhere"))).toBe(
      "DATABASE_URL: sslrootcert: expected a file that can be read (ENOENT)",
    )
  })

  test("a server without TLS", async () => {
    await using server = await startFakePostgres({ code: "28P01" })
    expect(
      await startFailureMessage({ DATABASE_URL: `postgres://u@localhost:${server.port}/d?sslmode=require` }),
    ).toMatch(/^DATABASE_URL: expected .*TLS/)
  })

  test.each([
    ["postgres://u:hunter2%@localhost/d", /write a % in the password as %25/],
    ["postgres://u@localhost/d?sslmod=require", /unknown parameter sslmod/],
    ["postgres://u@/d?host=/nowhere", /the folder of a Unix socket .* \(ENOENT\)$/],
    ["postgres://u@no-such-host.invalid/d", /a host name that can be resolved/],
    ["postgres://u@[::1]:1/d", /connection was refused|nothing answered/],
  ])("%s is explained", async (url, sentence) => {
    const text = await startFailureMessage({ DATABASE_URL: url })
    expect(text).toMatch(/^DATABASE_URL: /)
    expect(text).toMatch(sentence)
  })

  test("another product's table, a read-only database, and a role that may not create tables", async () => {
    await using database = await createTestDatabase(inject("postgresUrl"))
    const role = `role_${randomUUID().replaceAll("-", "")}`
    const sql = connect(database.url)
    const url = new URL(database.url)
    await sql.unsafe(
      `create schema latchkey; create table latchkey.sessions (id int); create role ${role} login`,
    )
    expect(await startFailureMessage({ DATABASE_URL: url.href })).toMatch(
      /^DATABASE_URL: "sessions" in the schema "latchkey" belongs/,
    )

    await sql.unsafe("drop schema latchkey cascade")
    const readOnly = `${url.href}?options=-cdefault_transaction_read_only%3Don`
    expect(await startFailureMessage({ DATABASE_URL: readOnly })).toMatch(
      /^DATABASE_URL: expected a primary; .* read-only/,
    )

    url.username = role
    expect(await startFailureMessage({ DATABASE_URL: url.href })).toMatch(
      /^DATABASE_URL: this role may not create the schema "latchkey"; /,
    )
    await sql.unsafe(`drop role ${role}`)
    await sql.end()
  })

  test("the server waits for a PostgreSQL that is still starting, and logs one line about it", async () => {
    await using database = await createTestDatabase(inject("postgresUrl"))
    const url = new URL(database.url)
    await using fake = await startFakePostgres({
      code: "57P03",
      passAfter: { refusals: 3, port: Number(url.port) },
    })
    url.port = String(fake.port)

    await using server = await startTestServer({ DATABASE_URL: url.href, AUTH_SECRET: newSecret() })

    expect(fake.refused).toBe(3)
    expect(
      server.log.filter((line) => line.includes("it is still starting (57P03); waiting up to 60 s")),
    ).toHaveLength(1)
  })

  test("the server waits for a PostgreSQL that does not answer its queries in time", async () => {
    await using database = await createMigratedDatabase(inject("postgresUrl"))
    const variables = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
    const sql = connect(database.url)
    const [isLocked, waits, canEnd] = [gate(), gate(), gate()]
    const locking = sql.begin(async (tx) => {
      await tx`lock table latchkey.owners in access exclusive mode`
      isLocked.open()
      await canEnd.opened
    })
    await isLocked.opened
    const starting = startTestServer(variables, { onLog: (line) => line.includes("waiting") && waits.open() })
    await waits.opened
    canEnd.open()
    await locking

    await using server = await starting
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(server.log.join("")).toContain(
      "answers queries in time; it did not (DatabaseUnavailable); waiting",
    )
    await sql.end()
  })

  test("the server waits for a proxy that is not up yet, and for a standby that is being promoted", async () => {
    await using primary = await startPostgres()
    await using standby = await startStandby(primary)
    const [old, next] = [primary, standby].map(({ url }) => new URL(url).host)
    await primary.stop()
    const variables = {
      DATABASE_URL: `postgres://postgres@127.0.0.1:1,${old},${next}/postgres?target_session_attrs=read-write`,
      AUTH_SECRET: newSecret(),
    }
    const waits = gate()
    const starting = startTestServer(variables, { onLog: (line) => line.includes("waiting") && waits.open() })
    await waits.opened
    const onStandby = connect(standby.url)
    await onStandby`select pg_promote()`
    await onStandby.end()

    await using server = await starting
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const waited = server.log.filter((line) => line.includes("; waiting up to 60 s"))
    expect(waited).toHaveLength(1)
    expect(waited[0]).toContain("DATABASE_URL: expected a primary; this server is a standby")
  })

  test("as with libpq, a refused password is not tried on the other hosts, and ends the start at once", async () => {
    await using refusing = await startFakePostgres({ code: "28P01" })
    const url = `postgres://u:hunter2@127.0.0.1:${refusing.port},127.0.0.1:1/d`
    const failure = startTestServer({ DATABASE_URL: url, AUTH_SECRET: newSecret() })
    expect(explainStartFailure(await failure.catch((error: unknown) => error))).toBe(
      "DATABASE_URL: expected a user and password that PostgreSQL accepts (28P01)",
    )
  })

  test("target_session_attrs=read-write: a primary whose transactions are read-only is refused", async () => {
    await using database = await createTestDatabase(inject("postgresUrl"))
    const readOnly = `${database.url}?options=-cdefault_transaction_read_only%3Don&target_session_attrs=read-write`
    expect(await startFailureMessage({ DATABASE_URL: readOnly })).toMatch(
      /; this database is read-only.* \(25006\)$/,
    )
  })

  test("URL parameters without effect and other roles with rights are logged in one warning each", async () => {
    await using database = await createTestDatabase(inject("postgresUrl"))
    const variables = {
      DATABASE_URL: `${database.url}?channel_binding=require&pgbouncer=true`,
      AUTH_SECRET: newSecret(),
    }
    await (await startTestServer(variables))[Symbol.asyncDispose]()
    const sql = connect(database.url)
    await sql.unsafe("grant select on owners to public")
    await sql.end()

    await using server = await startTestServer(variables)

    const warnings = server.log.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)
    expect(warnings.map(({ msg }) => msg)).toEqual([
      "DATABASE_URL: parameters without effect here: channel_binding, pgbouncer",
      "other roles have rights on Latchkey's tables or schema; revoke what you have not granted: PUBLIC",
    ])
  })
})
