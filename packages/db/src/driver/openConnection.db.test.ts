import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type Certificates,
  createCertificates,
  startPostgres,
  type TestPostgres,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createDatabase, ping } from "../index.ts"
import { openConnection } from "./openConnection.ts"
import type { Encryption, Target } from "./openSocket.ts"

let folder: string
let certificates: Certificates
let postgres: TestPostgres
let port: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-socket-"))
  await chmod(folder, 0o777)
  certificates = await createCertificates()
  postgres = await startPostgres([...certificates.settings, `unix_socket_directories=${folder}`])
  port = Number(new URL(postgres.url).port)
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  await certificates[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Whether the server says that a connection is encrypted. */
async function isEncrypted(target: Target, ssl: Encryption["ssl"], isDirect = false): Promise<unknown> {
  const server = { login: { user: "postgres", database: "postgres" }, parameters: {} }
  const connection = await openConnection(
    { ...server, targets: [target], mustBeWritable: false, encryption: { ssl, isDirect } },
    null,
  )
  const rows = await connection.send({
    text: "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    asArrays: true,
  })
  await connection.close()
  return (rows as boolean[][])[0]?.[0]
}

/** TLS with any certificate. */
const REQUIRED = { rejectUnauthorized: false }

const localhost = () => ({ host: "localhost", port })

describe("TLS", () => {
  test("required or preferred: encrypted, with any certificate", async () => {
    expect(await isEncrypted(localhost(), REQUIRED)).toBe(true)
    expect(await isEncrypted(localhost(), "prefer")).toBe(true)
  })

  test("off: not encrypted", async () => {
    expect(await isEncrypted(localhost(), false)).toBe(false)
  })

  test("verified: accepts the right authority and name", async () => {
    expect(await isEncrypted(localhost(), { ca: certificates.ca })).toBe(true)
    expect(await isEncrypted(localhost(), { ca: certificates.ca }, true)).toBe(true)
  })

  test("verified: refuses an unknown authority, a wrong one, and a wrong name", async () => {
    await using other = await createCertificates()
    const wrongAuthority = /self.signed|unable to (get|verify)|signature/i
    await expect(isEncrypted(localhost(), {})).rejects.toThrow(wrongAuthority)
    await expect(isEncrypted(localhost(), { ca: other.ca })).rejects.toThrow(wrongAuthority)
    await expect(isEncrypted({ host: "127.0.0.1", port }, { ca: certificates.ca })).rejects.toThrow(
      /altnames/,
    )
  })

  test("by URL: require connects, verify-full refuses the certificate", async () => {
    const url = (mode: string) => `postgres://postgres@localhost:${port}/postgres?sslmode=${mode}`
    const required = await createDatabase(url("require"))
    await ping(required.db)
    await required.close()
    const verified = await createDatabase(url("verify-full"))
    await expect(ping(verified.db)).rejects.toThrow("could not answer")
    await verified.close()
  })
})

test("a Unix socket is never encrypted", async () => {
  expect(await isEncrypted({ path: join(folder, `.s.PGSQL.${port}`) }, REQUIRED)).toBe(false)
  const { db, close } = await createDatabase(
    `postgres://postgres@${encodeURIComponent(folder)}:${port}/postgres`,
  )
  await ping(db)
  await close()
})

test("a server without TLS is refused if TLS is required, and used if it is preferred", async () => {
  await using plain = await startPostgres()
  const target = { host: "127.0.0.1", port: Number(new URL(plain.url).port) }
  await expect(isEncrypted(target, REQUIRED)).rejects.toThrow("does not support TLS")
  expect(await isEncrypted(target, "prefer")).toBe(false)
})
