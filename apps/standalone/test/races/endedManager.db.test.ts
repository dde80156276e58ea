import { randomUUID } from "node:crypto"
import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"

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

interface Manager {
  adminId: string
  id: string
  key: string
}

async function newManager(): Promise<Manager> {
  const { user, accessToken } = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${user.id}`
  const { body } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "backend", scopes: ["latchkey:manage"] },
  })
  return { adminId: user.id, id: body.id, key: body.key }
}

/** What a managing key may change. Each call is for an owner who has a key. */
const CALLS: Record<string, (manager: Manager, owner: { subject: string; keyId: string }) => Call> = {
  "creating a key": (_, { subject }) => ["POST", "/auth/apikeys", subject, { label: "late" }],
  "creating an owner's first key": () => ["POST", "/auth/apikeys", randomUUID(), { label: "late" }],
  "revoking a key": (_, { subject, keyId }) => ["DELETE", `/auth/apikeys/${keyId}`, subject],
  "disabling an owner": (_, { subject }) => ["POST", DISABLE, null, { issuer: "host", subject }],
  "disabling an unknown owner": () => ["POST", DISABLE, null, { issuer: "host", subject: randomUUID() }],
  "revoking the managing key itself": ({ id }) => ["DELETE", `/auth/apikeys/${id}`, null],
}

const DISABLE = "/auth/admin/users/disable"

type Call = [method: string, path: string, onBehalfOf: string | null, body?: object | undefined]

const send = ({ key }: Manager, [method, path, subject, body]: Call) =>
  rest(server.url, method, path, {
    apiKey: key,
    ...(subject !== null && { headers: { "latchkey-on-behalf-of": `host ${subject}` } }),
    ...(body && { body }),
  })

async function ownerWithKey(manager: Manager) {
  const subject = randomUUID()
  const { body } = await send(manager, ["POST", "/auth/apikeys", subject, { label: "x" }])
  return { subject, keyId: body.id as string }
}

const ENDS: Record<string, (transaction: ReservedSql, manager: Manager) => Promise<unknown>> = {
  "the key is revoked": (transaction, { id }) =>
    transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${id}`,
  "the key expires": (transaction, { id }) =>
    transaction`update api_keys set expires_at = now() - interval '1 minute' where id = ${id}`,
  "the key's owner is disabled": (transaction, { adminId }) =>
    transaction`update owners set disabled_at = now() where id = ${adminId}`,
  "the key's owner is no administrator any more": (transaction, { adminId }) =>
    transaction`update owners set role = 'user' where id = ${adminId}`,
}

const readAllRows = (reader: Pick<ReservedSql, "unsafe">) =>
  reader.unsafe(`
    select to_jsonb(owners)::text as row from owners union all
    select (to_jsonb(api_keys) - 'last_used_at')::text from api_keys union all
    select to_jsonb(audit_events)::text from audit_events order by 1`)

describe.each(Object.keys(CALLS))("%s by a managing key", (name) => {
  test.each(Object.keys(ENDS))("changes nothing if %s after the call was authenticated", async (end) => {
    const manager = await newManager()
    const call = CALLS[name]?.(manager, await ownerWithKey(manager))
    if (!call) throw new TypeError("no call")
    let transaction: ReservedSql | undefined
    const lock = await holdLock(server.shared.DATABASE_URL, (own) => {
      transaction = own
      return own`select from owners where id = ${manager.adminId} for update`
    })
    if (!transaction) throw new TypeError("no transaction")
    const response = send(manager, call)
    await lock.untilWaiting(1)
    await ENDS[end]?.(transaction, manager)
    const before = await readAllRows(transaction)
    await lock.commit()

    const { status } = await response
    // A key may revoke itself whatever its owner's role is.
    if (name.includes("itself") && end.includes("administrator")) return expect(status).toBe(204)
    expect([401, 403]).toContain(status)
    expect(await readAllRows(sql)).toEqual(before)
  })
})

test.each([
  ["revokes", "DELETE", "", undefined, 204],
  ["changes", "PATCH", "", { label: "late" }, 200],
  ["replaces", "POST", "/rotate", {}, 201],
] as const)("a managing key %s a key while both are being marked as used: no deadlock", async (...row) => {
  const [, method, action, body, status] = row
  const manager = await newManager()
  // Uses are marked in the order of ids.
  let owner = await ownerWithKey(manager)
  while (owner.keyId > manager.id) owner = await ownerWithKey(manager)
  const lockKey = (transaction: ReservedSql, id: string) =>
    transaction`select from api_keys where id = ${id} for no key update`
  let transaction: ReservedSql | undefined
  const lock = await holdLock(server.shared.DATABASE_URL, (own) => {
    transaction = own
    return lockKey(own, owner.keyId)
  })
  if (!transaction) throw new TypeError("no transaction")
  const path = `/auth/apikeys/${owner.keyId}${action}`
  const response = send(manager, [method, path, owner.subject, body])
  await lock.untilWaiting(1)
  await lockKey(transaction, manager.id)
  await lock.commit()
  expect((await response).status).toBe(status)
})
