import { type ChildProcess, fork } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { connect, createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startIssuer } from "../../../packages/auth/test/startIssuer.ts"
import { type GuardedHostOptions, startGuardedHost } from "./guardedHost.ts"

/** Of keys, and of people at the identity provider. */
const COUNT = 1_000
/** The number of keys or people whose access ends concurrently. */
const CONCURRENCY = 8
/** The lowest cost, because there are many keys and this does not test hashing. */
const BCRYPT_COST = 4

let database: TestDatabase
let issuer: Awaited<ReturnType<typeof startIssuer>>
let host: Awaited<ReturnType<typeof startGuardedHost>>
let other: ChildProcess
/** Two hosts that embed Latchkey: this process, and another. */
let urls: string[]
beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"))
  issuer = await startIssuer()
  const options: GuardedHostOptions = {
    databaseUrl: database.url,
    secret: randomBytes(32).toString("hex"),
    issuer: issuer.url,
  }
  other = fork(fileURLToPath(new URL("guardedHostProcess.ts", import.meta.url)), {
    execArgv: ["--import", "tsx", "--conditions=latchkey-source"],
  })
  other.send(options)
  host = await startGuardedHost(options)
  const [{ url }] = (await once(other, "message")) as [{ url: string }]
  urls = [host.url, url]
})
afterAll(async () => {
  const exited = once(other, "exit")
  other.disconnect()
  await exited
  await host[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

type Credential = Record<string, string>

/** How a host verifies a credential: by `authenticate` in this process, by the product's procedure in the other. */
const doors = [
  async (credential: Credential) => {
    const verdict = await host.latchkey.authenticate(credential, { scope: "reports:read", method: "GET" })
    return verdict.ok ? 200 : verdict.status
  },
  async (credential: Credential) => {
    const response = await fetch(`${urls[1]}/trpc/reports.list`, { headers: credential })
    await response.arrayBuffer()
    return response.status
  },
]

interface Access {
  credentials: Credential[]
  /** Ends it through one host. Resolves when that has answered. */
  end(url: string): Promise<unknown>
}

/**
 * Ends each access through one of the hosts while its credentials are in use on both, and counts the calls that began
 * after the answer.
 */
async function endWhileInUse(accesses: readonly Access[]) {
  const figures = { acceptedBefore: 0, startedAfter: 0, acceptedAfter: 0 }

  async function endOne({ credentials, end }: Access, at: string) {
    const useAll = async () => {
      const statuses = await Promise.all(credentials.flatMap((one) => doors.map((door) => door(one))))
      const unexpected = statuses.filter((status) => status !== 200 && status !== 401)
      expect(unexpected).toEqual([])
      return { started: statuses.length, accepted: statuses.filter((status) => status === 200).length }
    }
    const before = await useAll()
    // These calls may end either way.
    await Promise.all([useAll(), end(at)])
    const after = await useAll()
    figures.acceptedBefore += before.accepted
    figures.startedAfter += after.started
    figures.acceptedAfter += after.accepted
  }

  const remaining = accesses.map((access, index) => ({ access, at: urls[index % 2] ?? "" }))
  async function work() {
    for (let next = remaining.pop(); next; next = remaining.pop()) await endOne(next.access, next.at)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return figures
}

test(`${COUNT} keys are revoked across two hosts while in use on both: none is accepted afterwards`, async () => {
  // What is imported has no receipt, so the first call with each key runs bcrypt and writes one.
  const keys = await importKeys(Array.from({ length: COUNT }, () => "org_harbor"))
  const { authorization } = await asAdministrator()
  const figures = await endWhileInUse(
    keys.map(({ id, key }) => ({
      credentials: [{ "x-api-key": key }],
      end: (url) =>
        untilDone(() =>
          fetch(`${url}/latchkey/auth/admin/apikeys/${id}`, { method: "DELETE", headers: { authorization } }),
        ),
    })),
  )
  process.stdout.write(`${COUNT} revocations across two hosts: ${JSON.stringify(figures)}\n`)
  expect(figures).toEqual({ acceptedBefore: COUNT * 2, startedAfter: COUNT * 2, acceptedAfter: 0 })
}, 300_000)

test(`${COUNT} people at an identity provider are disabled: neither JWTs nor keys are accepted afterwards`, async () => {
  const subjects = Array.from({ length: COUNT }, (_, index) => `person-${index}`)
  const keys = await importKeys(subjects, issuer.url)
  const tokens = await Promise.all(subjects.map((sub) => issuer.sign({ sub })))
  const { authorization } = await asAdministrator()
  const figures = await endWhileInUse(
    subjects.map((subject, index) => ({
      credentials: [{ "x-api-key": keys[index]?.key ?? "" }, { authorization: `Bearer ${tokens[index]}` }],
      end: (url) =>
        untilDone(() =>
          fetch(`${url}/latchkey/auth/admin/users/disable`, {
            method: "POST",
            headers: { authorization, "content-type": "application/json" },
            body: JSON.stringify({ issuer: issuer.url, subject }),
          }),
        ),
    })),
  )
  process.stdout.write(`${COUNT} disables across two hosts: ${JSON.stringify(figures)}\n`)
  expect(figures).toEqual({ acceptedBefore: COUNT * 4, startedAfter: COUNT * 4, acceptedAfter: 0 })
}, 300_000)

const asAdministrator = async () => ({ authorization: `Bearer ${await issuer.sign({ sub: "root" })}` })

/** 503 means that it is not yet certain: the client asks again, as the contract says. */
async function untilDone(ask: () => Promise<Response>): Promise<void> {
  const response = await ask()
  const body = await response.text()
  if (response.status === 503) return untilDone(ask)
  expect({ status: response.status, body }).toEqual({ status: 204, body: "" })
}

/** Writes the row of a key for each subject, as an import does. */
async function importKeys(subjects: readonly string[], issuerName = "host") {
  const sql = connect(database.url)
  const owners = [...new Set(subjects)].map((subject) => ({
    id: ownerIdOf(issuerName, subject),
    issuer: issuerName,
    subject,
  }))
  await sql`insert into owners ${sql(owners)} on conflict do nothing`
  const keys = subjects.map(() => randomBytes(32).toString("hex"))
  const rows = await Promise.all(
    keys.map(async (key, index) => ({
      owner_id: ownerIdOf(issuerName, subjects[index] ?? ""),
      created_by: "import",
      lookup_id: key.slice(0, 16),
      key_hash: await bcrypt.hash(key, BCRYPT_COST),
      label: "imported",
    })),
  )
  const stored = await sql<{ id: string; lookup_id: string }[]>`
    insert into api_keys ${sql(rows)} returning id, lookup_id`
  await sql.end()
  const ids = new Map(stored.map(({ id, lookup_id }) => [lookup_id, id]))
  return keys.map((key) => ({ key, id: ids.get(key.slice(0, 16)) ?? "" }))
}

/** As the contract says: a UUIDv8 of SHA-256(issuer, NUL, subject). */
function ownerIdOf(issuerName: string, subject: string): string {
  const bytes = createHash("sha256").update(`${issuerName}\0${subject}`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
