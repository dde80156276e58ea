import { randomUUID } from "node:crypto"
import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, type Input, SURFACES, type TestedProcedure } from "../http/procedures.ts"
import { register, rest, startServerOnPostgres } from "../testServer.ts"
import { holdCall, readAllRows } from "./holdCall.ts"

// Backends act for owners with an administrator's key. It must still be one when their change is made.

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})

type Manager = Awaited<ReturnType<typeof newManager>>

/** An administrator's key that manages, with the headers to act for an owner who has a key. */
async function newManager() {
  const { user, accessToken } = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${user.id}`
  const body = { label: "backend", scopes: ["latchkey:manage"] }
  const { body: created } = await rest(server.url, "POST", "/auth/apikeys", { accessToken, body })
  const owner = { issuer: "host", subject: `org_${randomUUID()}` }
  const headers = { "latchkey-on-behalf-of": `${owner.issuer} ${owner.subject}` }
  const sent = { apiKey: created.key as string, headers }
  const { body: theirs } = await rest(server.url, "POST", "/auth/apikeys", { ...sent, body: { label: "x" } })
  return {
    administratorId: user.id,
    keyId: created.id as string,
    owner,
    sent,
    theirKeyId: theirs.id as string,
  }
}

/** For each mutation that a managing key may call, an input that changes something. */
const INPUTS: Record<string, (manager: Manager) => Input | Promise<Input>> = {
  "apiKeys.create": () => ({ label: "late" }),
  "apiKeys.update": ({ theirKeyId }) => ({ id: theirKeyId, label: "late" }),
  "apiKeys.rotate": ({ theirKeyId }) => ({ id: theirKeyId }),
  "apiKeys.revoke": ({ theirKeyId }) => ({ id: theirKeyId }),
  "ownerTokens.create": () => ({}),
  "admin.users.disable": ({ owner }) => owner,
  "admin.users.enable": async ({ owner }) => {
    await sql`update owners set disabled_at = now() where subject = ${owner.subject}`
    return owner
  },
  "admin.users.erase": ({ owner }) => owner,
}

const mutations = allProcedures.filter(
  ({ managers, operation }) => managers !== undefined && operation.kind === "mutation",
)

interface End {
  name: string
  end: (transaction: ReservedSql, manager: Manager) => Promise<unknown>
  /** What the call must be answered with. */
  response: (procedure: TestedProcedure) => { status: number; reason: string }
}

const unauthenticated = () => ({ status: 401, reason: "UNAUTHENTICATED" })

const ENDS: End[] = [
  {
    name: "the key is revoked",
    end: (transaction, { keyId }) =>
      transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${keyId}`,
    response: unauthenticated,
  },
  {
    name: "the key expires",
    end: (transaction, { keyId }) =>
      transaction`update api_keys set expires_at = now() - interval '1 minute' where id = ${keyId}`,
    response: unauthenticated,
  },
  {
    name: "the key is disabled",
    end: (transaction, { keyId }) =>
      transaction`update api_keys set disabled_at = now(), checks = checks || '{disabled}' where id = ${keyId}`,
    response: unauthenticated,
  },
  {
    name: "the key loses its scope",
    end: (transaction, { keyId }) => transaction`update api_keys set scopes = '{}' where id = ${keyId}`,
    response: unauthenticated,
  },
  {
    name: "its owner is disabled",
    end: (transaction, { administratorId }) =>
      transaction`update owners set disabled_at = now() where id = ${administratorId}`,
    response: unauthenticated,
  },
  {
    name: "its owner is dismissed as an administrator",
    end: (transaction, { administratorId }) =>
      transaction`update owners set role = 'user' where id = ${administratorId}`,
    response: ({ managers }) =>
      managers === "admin" ? { status: 403, reason: "FORBIDDEN" } : unauthenticated(),
  },
]

test("every mutation that a managing key may call is tested here", () => {
  expect(mutations.map(({ path }) => path).sort()).toEqual(Object.keys(INPUTS).sort())
})

describe.each(mutations)("$path by a managing key", (procedure) => {
  async function startHeld() {
    const manager = await newManager()
    const input = await INPUTS[procedure.path]?.(manager)
    const call = () => SURFACES.tRPC(server.url, procedure, input, manager.sent)
    return { manager, ...(await holdCall(server, manager.administratorId, call)) }
  }

  test.each(ENDS)("changes nothing if $name after the call was authenticated", async ({ end, response }) => {
    const held = await startHeld()

    await end(held.transaction, held.manager)
    const before = await readAllRows(held.transaction)
    await held.lock.commit()

    expect(await held.response).toMatchObject(response(procedure))
    expect(await readAllRows(sql)).toEqual(before)
  })

  test("succeeds if nothing has ended", async () => {
    const held = await startHeld()

    const before = await readAllRows(held.transaction)
    await held.lock.release()

    expect(await held.response).toMatchObject({ status: 200 })
    expect(await readAllRows(sql)).not.toEqual(before)
  })
})
