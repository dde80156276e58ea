import { type ChildProcess, fork } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { importKeys } from "../../../packages/auth/test/importKeys.ts"
import { startIssuer } from "../../../packages/auth/test/startIssuer.ts"
import { type GuardedHostOptions, startGuardedHost } from "./guardedHost.ts"

/** Of keys, and of people at the identity provider. `REVOCATIONS=1000` shows the same of more. */
const COUNT = Number(process.env.REVOCATIONS ?? 250)
/** The number of keys or people whose access ends concurrently. */
const CONCURRENCY = 8
/**
 * One for each access that ends concurrently. The changes of one administrator wait for each other, and on a busy machine
 * so long that some are 503.
 */
const administrators = Array.from({ length: CONCURRENCY }, (_, index) => `administrator-${index}`)

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
    administrators,
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
  /** Ends it through one host as an administrator. Resolves when that has answered. */
  end(url: string, administrator: Credential): Promise<unknown>
}

/**
 * Ends each access through one of the hosts while its credentials are in use on both, and counts the calls that began
 * after the answer.
 */
async function endWhileInUse(accesses: readonly Access[]) {
  const figures = { acceptedBefore: 0, startedAfter: 0, acceptedAfter: 0 }

  async function endOne({ credentials, end }: Access, at: string, administrator: Credential) {
    const callAll = async () => {
      const statuses = await Promise.all(
        credentials.flatMap((one) => doors.map((door) => verdictOf(() => door(one)))),
      )
      const unexpected = statuses.filter((status) => status !== 200 && status !== 401)
      expect(unexpected).toEqual([])
      return { started: statuses.length, accepted: statuses.filter((status) => status === 200).length }
    }
    const before = await callAll()
    // These calls may end either way.
    await Promise.all([callAll(), end(at, administrator)])
    const after = await callAll()
    figures.acceptedBefore += before.accepted
    figures.startedAfter += after.started
    figures.acceptedAfter += after.accepted
  }

  const remaining = accesses.map((access, index) => ({ access, at: urls[index % 2] ?? "" }))
  async function work(subject: string) {
    const administrator = { authorization: `Bearer ${await issuer.sign({ sub: subject })}` }
    for (let next = remaining.pop(); next; next = remaining.pop()) {
      await endOne(next.access, next.at, administrator)
    }
  }
  await Promise.all(administrators.map(work))
  return figures
}

test(`${COUNT} keys are revoked across two hosts while in use on both: none is accepted afterwards`, async () => {
  // What is imported has no receipt, so the first call with each key runs bcrypt and writes one.
  const owner = { issuer: "host", subject: "org_harbor" }
  const keys = await importKeys(
    database.url,
    Array.from({ length: COUNT }, () => owner),
  )
  const figures = await endWhileInUse(
    keys.map(({ id, key }) => ({
      credentials: [{ "x-api-key": key }],
      end: (url, headers) =>
        untilDone(() => fetch(`${url}/latchkey/auth/admin/apikeys/${id}`, { method: "DELETE", headers })),
    })),
  )
  process.stdout.write(`${COUNT} revocations across two hosts: ${JSON.stringify(figures)}\n`)
  expect(figures).toEqual({ acceptedBefore: COUNT * 2, startedAfter: COUNT * 2, acceptedAfter: 0 })
}, 300_000)

test(`${COUNT} people at an identity provider are disabled: neither JWTs nor keys are accepted afterwards`, async () => {
  const subjects = Array.from({ length: COUNT }, (_, index) => `person-${index}`)
  const keys = await importKeys(
    database.url,
    subjects.map((subject) => ({ issuer: issuer.url, subject })),
  )
  const tokens = await Promise.all(subjects.map((sub) => issuer.sign({ sub })))
  const figures = await endWhileInUse(
    subjects.map((subject, index) => ({
      credentials: [{ "x-api-key": keys[index]?.key ?? "" }, { authorization: `Bearer ${tokens[index]}` }],
      end: (url, administrator) =>
        untilDone(() =>
          fetch(`${url}/latchkey/auth/admin/users/disable`, {
            method: "POST",
            headers: { ...administrator, "content-type": "application/json" },
            body: JSON.stringify({ issuer: issuer.url, subject }),
          }),
        ),
    })),
  )
  process.stdout.write(`${COUNT} disables across two hosts: ${JSON.stringify(figures)}\n`)
  expect(figures).toEqual({ acceptedBefore: COUNT * 4, startedAfter: COUNT * 4, acceptedAfter: 0 })
}, 300_000)

/** 503 means that it is not yet certain: the client asks again, as the contract says, and may find it done. */
async function untilDone(ask: () => Promise<Response>, expected = [204]): Promise<void> {
  const response = await ask()
  await response.arrayBuffer()
  if (response.status === 503) return untilDone(ask, [204, 404])
  expect(expected).toContain(response.status)
}

/** 503 is no verdict: the client asks again. */
async function verdictOf(ask: () => Promise<number>): Promise<number> {
  const status = await ask()
  return status === 503 ? verdictOf(ask) : status
}
