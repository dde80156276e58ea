import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, type Input, SURFACES, type TestedProcedure } from "../procedures.ts"
import { type RestCall, register, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"
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

type User = Awaited<ReturnType<typeof registerWithKey>>

/** Mutations that have no caller: they act by a password or a refresh token, which their own statements check. */
const BY_NO_CALLER = ["auth.register", "auth.login", "auth.refresh"]

/** With what each of the others does something, for a caller and another user. */
const INPUTS: Record<string, (caller: User, other: User) => Input | undefined | Promise<Input>> = {
  "auth.logout": () => undefined,
  "auth.changePassword": ({ password }) => ({
    currentPassword: password,
    newPassword: "another long enough phrase",
  }),
  "apiKeys.create": () => ({ label: "late" }),
  "apiKeys.revoke": ({ id }) => ({ id }),
  "sessions.revoke": async ({ user }) => {
    const [session] = await sql`select id from sessions where user_id = ${user.id} order by created_at desc`
    return { id: session?.id }
  },
  "sessions.revokeOthers": () => undefined,
  "admin.users.disable": (_, { user }) => ({ id: user.id }),
  "admin.users.enable": async (_, { user }) => {
    await sql`update users set disabled_at = now() where id = ${user.id}`
    return { id: user.id }
  },
  "admin.apiKeys.revoke": (_, { id }) => ({ id }),
}

const mutations = allProcedures.filter(({ operation }) => operation.kind === "mutation")

/** What can end while a call waits, by the caller's credential and access, and the answer to the call. */
interface End {
  name: string
  by: (procedure: TestedProcedure["operation"]) => boolean
  credential: "session" | "apiKey"
  end: (transaction: ReservedSql, caller: User) => Promise<unknown>
  answer: { status: number; reason: string }
}

const takesKeys: End["by"] = ({ access }) => access === "jwtOrKey"
const isAdmins: End["by"] = ({ access }) => access === "admin"
const unauthenticated = { status: 401, reason: "UNAUTHENTICATED" }

const disableUser: End["end"] = (transaction, { user }) =>
  transaction`update users set disabled_at = now() where id = ${user.id}`

const ENDS: End[] = [
  {
    name: "the session is ended",
    by: () => true,
    credential: "session",
    end: (transaction, { user }) =>
      transaction`update sessions set ended_at = now() where user_id = ${user.id}`,
    answer: unauthenticated,
  },
  {
    name: "the session expires",
    by: () => true,
    credential: "session",
    end: (transaction, { user }) =>
      transaction`update sessions set expires_at = now() - interval '1 minute' where user_id = ${user.id}`,
    answer: unauthenticated,
  },
  {
    name: "the user is disabled",
    by: () => true,
    credential: "session",
    end: disableUser,
    answer: unauthenticated,
  },
  {
    name: "the administrator's role is taken",
    by: isAdmins,
    credential: "session",
    end: (transaction, { user }) => transaction`update users set role = 'user' where id = ${user.id}`,
    answer: { status: 403, reason: "FORBIDDEN" },
  },
  {
    name: "the key is revoked",
    by: takesKeys,
    credential: "apiKey",
    end: (transaction, { id }) =>
      transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${id}`,
    answer: unauthenticated,
  },
  {
    name: "the key expires",
    by: takesKeys,
    credential: "apiKey",
    end: (transaction, { id }) =>
      transaction`update api_keys set expires_at = now() - interval '1 minute' where id = ${id}`,
    answer: unauthenticated,
  },
  {
    name: "the key's owner is disabled",
    by: takesKeys,
    credential: "apiKey",
    end: disableUser,
    answer: unauthenticated,
  },
]

/** All that changes could be made to; but for when a key was last used, which is written at any time. */
const everything = (reader: Pick<ReservedSql, "unsafe">) =>
  reader.unsafe(`
    select to_jsonb(users)::text as row from users union all
    select to_jsonb(sessions)::text from sessions union all
    select (to_jsonb(api_keys) - 'last_used_at')::text from api_keys union all
    select to_jsonb(audit_events)::text from audit_events order by 1`)

async function prepare({ path, operation }: TestedProcedure, credential: End["credential"]) {
  const [caller, other] = [await registerWithKey(server.url), await registerWithKey(server.url)]
  const { email, password, accessToken, apiKey } = caller
  await rest(server.url, "POST", "/auth/login", { body: { email, password } })
  if (isAdmins(operation)) await sql`update users set role = 'admin' where id = ${caller.user.id}`
  const by: RestCall = credential === "apiKey" ? { apiKey } : { accessToken }
  return { caller, by, input: await INPUTS[path]?.(caller, other) }
}

/** Holds a call between its authentication and its change: every change begins by locking its caller's row. */
async function hold(procedure: TestedProcedure, { caller, by, input }: Awaited<ReturnType<typeof prepare>>) {
  let transaction: ReservedSql | undefined
  const lock = await holdLock(server.shared.DATABASE_URL, (own) => {
    transaction = own
    return own`select from users where id = ${caller.user.id} for update`
  })
  if (!transaction) throw new TypeError("no transaction")
  const answer = SURFACES.tRPC(server.url, procedure, input, by)
  const early = answer.then(({ status }) => {
    throw new Error(`${procedure.path} was answered with ${status}, and did not look at its caller again`)
  })
  await Promise.race([lock.untilWaiting(1), early]).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  early.catch(() => {})
  return { answer, lock, transaction }
}

test("every mutation of the router is tested here", () => {
  const names = mutations.map(({ path }) => path)
  expect(names.sort()).toEqual([...BY_NO_CALLER, ...Object.keys(INPUTS)].sort())
  for (const { path, operation } of mutations) {
    expect(operation.access === "anyone", path).toBe(BY_NO_CALLER.includes(path))
  }
})

const withCaller = mutations.filter(({ path }) => !BY_NO_CALLER.includes(path))

describe.each(withCaller)("$path", (procedure) => {
  for (const { name, by, credential, end, answer } of ENDS) {
    if (!by(procedure.operation)) continue
    test(`does nothing when ${name} after the call was authenticated`, async () => {
      const scene = await prepare(procedure, credential)
      const held = await hold(procedure, scene)

      await end(held.transaction, scene.caller)
      const before = await everything(held.transaction)
      await held.lock.commit()

      expect(await held.answer).toMatchObject(answer)
      expect(await everything(sql)).toEqual(before)
    })
  }

  const credentials = ["session", ...(takesKeys(procedure.operation) ? ["apiKey"] : [])] as const
  test.each(credentials)("is done by %s when nothing has ended", async (credential) => {
    const scene = await prepare(procedure, credential as End["credential"])
    const held = await hold(procedure, scene)

    const before = await everything(held.transaction)
    await held.lock.release()

    expect(await held.answer).toMatchObject({ status: 200 })
    expect(await everything(sql)).not.toEqual(before)
  })
})

test("signing out by the cookie does nothing once its session has ended", async () => {
  const user = await register(server.url)
  const headers = { origin: server.url, cookie: `__Host-latchkey=${user.refreshToken}` }
  await sql`update sessions set ended_at = now() where user_id = ${user.user.id}`
  const before = await everything(sql)
  expect(await rest(server.url, "POST", "/auth/logout", { headers })).toMatchObject({ status: 204 })
  expect(await everything(sql)).toEqual(before)
})
