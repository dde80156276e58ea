import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { codeOf, setUpApp } from "../accounts/authenticatorApp.ts"
import { allProcedures, type Input, SURFACES, type TestedProcedure } from "../http/procedures.ts"
import { type RestCall, register, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"
import { holdCall, readAllRows } from "./holdCall.ts"

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

/** Mutations without a caller. Their own statements check the password, refresh token or key. */
const WITHOUT_CALLER = [
  "auth.register",
  "auth.login",
  "auth.refresh",
  "auth.requestPasswordReset",
  "auth.resetPassword",
  "auth.verifyEmail",
  "apiKeys.reportLeaked",
]

async function useRecoveryCode({ accessToken, password }: User) {
  const { codes } = await setUpApp(server.url, { accessToken, password })
  return { currentPassword: password, recoveryCode: codes[0] }
}

/** For each of the other mutations, an input that changes something, given the caller and another user. */
const INPUTS: Record<string, (caller: User, other: User) => Input | undefined | Promise<Input>> = {
  "auth.logout": () => undefined,
  "auth.changePassword": ({ password }) => ({
    currentPassword: password,
    newPassword: "another long enough phrase",
  }),
  "apiKeys.create": () => ({ label: "late" }),
  "apiKeys.update": ({ id }) => ({ id, label: "late" }),
  "apiKeys.rotate": ({ id }) => ({ id }),
  "apiKeys.revoke": ({ id }) => ({ id }),
  "sessions.revoke": async ({ user }) => {
    const [session] = await sql`select id from sessions where user_id = ${user.id} order by created_at desc`
    return { id: session?.id }
  },
  "sessions.revokeOthers": () => undefined,
  "admin.users.disable": (_, { user }) => ({ id: user.id }),
  "admin.users.enable": async (_, { user }) => {
    await sql`update owners set disabled_at = now() where id = ${user.id}`
    return { id: user.id }
  },
  "admin.users.erase": (_, { user }) => ({ id: user.id }),
  "secondFactor.setUp": ({ password }) => ({ currentPassword: password }),
  "secondFactor.confirm": async ({ accessToken, password: currentPassword }) => {
    const call = { accessToken, body: { currentPassword } }
    const { body } = await rest(server.url, "POST", "/auth/second-factor", call)
    return { totp: codeOf(body.secret) }
  },
  "secondFactor.renewRecoveryCodes": useRecoveryCode,
  "secondFactor.remove": useRecoveryCode,
  "admin.users.resetSecondFactor": async (_, { user, accessToken, password }) => {
    await setUpApp(server.url, { accessToken, password })
    return { id: user.id }
  },
  "admin.users.createResetLink": (_, { user }) => ({ id: user.id }),
  "admin.apiKeys.revoke": (_, { id }) => ({ id }),
  "admin.apiKeys.revokeWhere": async ({ accessToken }, { user }) => {
    const where = { subject: user.id }
    const call = { accessToken, body: { where, preview: true } }
    const { body } = await rest(server.url, "POST", "/auth/admin/apikeys/revoke-where", call)
    return { where, confirm: body.confirm }
  },
}

/**
 * `auth.introspect` is a mutation so that the token is not in a URL; it changes nothing. A link is stored after the response,
 * which `emailVerification.db.test.ts` tests. Tokens are made by keys that act
 * for others, which `ownerTokens/ends.db.test.ts` tests.
 */
const ELSEWHERE = ["auth.introspect", "auth.requestEmailVerification", "ownerTokens.create"]

const mutations = allProcedures.filter(
  ({ path, operation }) => operation.kind === "mutation" && !ELSEWHERE.includes(path),
)

/** Something that ends a caller's authority while a call waits, and the response that the call must then get. */
interface End {
  name: string
  appliesTo: (operation: TestedProcedure["operation"]) => boolean
  credential: "session" | "apiKey"
  end: (transaction: ReservedSql, caller: User) => Promise<unknown>
  response: { status: number; reason: string }
}

const takesKeys: End["appliesTo"] = ({ access }) => access === "jwtOrKey"
const isAdminOnly: End["appliesTo"] = ({ access }) => access === "admin"
const unauthenticated = { status: 401, reason: "UNAUTHENTICATED" }

const disableUser: End["end"] = (transaction, { user }) =>
  transaction`update owners set disabled_at = now() where id = ${user.id}`

const ENDS: End[] = [
  {
    name: "the session is ended",
    appliesTo: () => true,
    credential: "session",
    end: (transaction, { user }) =>
      transaction`update sessions set ended_at = now() where user_id = ${user.id}`,
    response: unauthenticated,
  },
  {
    name: "the session expires",
    appliesTo: () => true,
    credential: "session",
    end: (transaction, { user }) =>
      transaction`update sessions set expires_at = now() - interval '1 minute' where user_id = ${user.id}`,
    response: unauthenticated,
  },
  {
    name: "the user is disabled",
    appliesTo: () => true,
    credential: "session",
    end: disableUser,
    response: unauthenticated,
  },
  {
    name: "the administrator's role is removed",
    appliesTo: isAdminOnly,
    credential: "session",
    end: (transaction, { user }) => transaction`update owners set role = 'user' where id = ${user.id}`,
    response: { status: 403, reason: "FORBIDDEN" },
  },
  {
    name: "the key is revoked",
    appliesTo: takesKeys,
    credential: "apiKey",
    end: (transaction, { id }) =>
      transaction`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${id}`,
    response: unauthenticated,
  },
  {
    name: "the key expires",
    appliesTo: takesKeys,
    credential: "apiKey",
    end: (transaction, { id }) =>
      transaction`update api_keys set expires_at = now() - interval '1 minute' where id = ${id}`,
    response: unauthenticated,
  },
  {
    name: "the key is disabled",
    appliesTo: takesKeys,
    credential: "apiKey",
    end: (transaction, { id }) =>
      transaction`update api_keys set disabled_at = now(), checks = array['disabled'] where id = ${id}`,
    response: unauthenticated,
  },
  {
    name: "the key's owner is disabled",
    appliesTo: takesKeys,
    credential: "apiKey",
    end: disableUser,
    response: unauthenticated,
  },
]

async function prepare({ path, operation }: TestedProcedure, credential: End["credential"]) {
  const [caller, other] = [await registerWithKey(server.url), await registerWithKey(server.url)]
  const { email, password, accessToken, apiKey } = caller
  await rest(server.url, "POST", "/auth/login", { body: { email, password } })
  if (isAdminOnly(operation)) await sql`update owners set role = 'admin' where id = ${caller.user.id}`
  const sent: RestCall = credential === "apiKey" ? { apiKey } : { accessToken }
  return { caller, sent, input: await INPUTS[path]?.(caller, other) }
}

/** Starts a call, and holds it after its authentication by locking the caller's row. */
const startHeld = (
  procedure: TestedProcedure,
  { caller, sent, input }: Awaited<ReturnType<typeof prepare>>,
) => holdCall(server, caller.user.id, () => SURFACES.tRPC(server.url, procedure, input, sent))

test("every mutation of the router is tested here", () => {
  const names = mutations.map(({ path }) => path)
  expect(names.sort()).toEqual([...WITHOUT_CALLER, ...Object.keys(INPUTS)].sort())
  for (const { path, operation } of mutations) {
    expect(operation.access === "anyone", path).toBe(WITHOUT_CALLER.includes(path))
  }
})

const withCaller = mutations.filter(({ path }) => !WITHOUT_CALLER.includes(path))

describe.each(withCaller)("$path", (procedure) => {
  for (const { name, appliesTo, credential, end, response } of ENDS) {
    if (!appliesTo(procedure.operation)) continue
    test(`changes nothing if ${name} after the call was authenticated`, async () => {
      const prepared = await prepare(procedure, credential)
      const held = await startHeld(procedure, prepared)

      await end(held.transaction, prepared.caller)
      const before = await readAllRows(held.transaction)
      await held.lock.commit()

      expect(await held.response).toMatchObject(response)
      expect(await readAllRows(sql)).toEqual(before)
    })
  }

  const credentials = ["session", ...(takesKeys(procedure.operation) ? ["apiKey"] : [])] as const
  test.each(credentials)("succeeds by %s if nothing has ended", async (credential) => {
    const held = await startHeld(procedure, await prepare(procedure, credential as End["credential"]))

    const before = await readAllRows(held.transaction)
    await held.lock.release()

    expect(await held.response).toMatchObject({ status: 200 })
    expect(await readAllRows(sql)).not.toEqual(before)
  })
})

test("signing out with the cookie changes nothing once its session has ended", async () => {
  const user = await register(server.url)
  const headers = { origin: server.url, cookie: `__Host-latchkey=${user.refreshToken}` }
  await sql`update sessions set ended_at = now() where user_id = ${user.user.id}`
  const before = await readAllRows(sql)
  expect(await rest(server.url, "POST", "/auth/logout", { headers })).toMatchObject({ status: 204 })
  expect(await readAllRows(sql)).toEqual(before)
})
