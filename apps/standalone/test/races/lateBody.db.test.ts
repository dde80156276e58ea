import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { register, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

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

const bearer = ({ accessToken }: User) => `Authorization: Bearer ${accessToken}`
const STREAMED = "trpc-accept: application/jsonl"

/** Calls that change something: request line, headers without Content-Type, and body. */
const CALLS: Record<string, (user: User) => [line: string, headers: string[], body: string]> = {
  "a REST call": (user) => ["POST /auth/apikeys", [bearer(user)], '{"label":"late"}'],
  "a REST call that takes no body": (user) => [
    `DELETE /auth/apikeys/${user.id}`,
    [bearer(user)],
    "{       }",
  ],
  "a REST call by key": (user) => [
    `DELETE /auth/apikeys/${user.id}`,
    [`X-API-Key: ${user.apiKey}`],
    "{       }",
  ],
  "a tRPC call": (user) => ["POST /trpc/apiKeys.create", [bearer(user)], '{"json":{"label":"late"}}'],
  "a tRPC call by key": (user) => [
    "POST /trpc/apiKeys.revoke",
    [`X-API-Key: ${user.apiKey}`],
    JSON.stringify({ json: { id: user.id } }),
  ],
  "a batch": (user) => [
    "POST /trpc/apiKeys.revoke,sessions.revokeOthers?batch=1",
    [bearer(user)],
    JSON.stringify({ 0: { json: { id: user.id } } }),
  ],
  "a streamed batch": (user) => [
    "POST /trpc/apiKeys.revoke,sessions.revokeOthers?batch=1",
    [bearer(user), STREAMED],
    JSON.stringify({ 0: { json: { id: user.id } } }),
  ],
  "a password change": (user) => [
    "POST /auth/password",
    [bearer(user)],
    JSON.stringify({ currentPassword: user.password, newPassword: "another long enough phrase" }),
  ],
}

/** What ends before the body arrives: all of a user's sessions and keys, or the user's access. */
const ENDS: Record<string, (user: User) => Promise<unknown>> = {
  "the session and the key": async ({ id, user }) => {
    await sql`update sessions set ended_at = now() where user_id = ${user.id}`
    await sql`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${id}`
  },
  "the user's access": ({ user }) => sql`update owners set disabled_at = now() where id = ${user.id}`,
}

const readAllRows = ({ user }: User) => sql`
  select (select jsonb_agg(to_jsonb(owners)) from owners where id = ${user.id}) as users,
    (select jsonb_agg(to_jsonb(sessions) order by id) from sessions where user_id = ${user.id}) as sessions,
    (select jsonb_agg(to_jsonb(api_keys) - 'last_used_at' order by id)
      from api_keys where owner_id = ${user.id}) as api_keys,
    (select jsonb_agg(to_jsonb(audit_events) order by id)
      from audit_events where owner_id = ${user.id}) as audit_events`

const cases = Object.keys(CALLS).flatMap((call) => Object.keys(ENDS).map((end) => ({ call, end })))

test.each(cases)("$call changes nothing if its body arrives after the end of $end", async ({ call, end }) => {
  const user = await registerWithKey(server.url)
  await rest(server.url, "POST", "/auth/login", { body: { email: user.email, password: user.password } })
  const [line, headers, body] = CALLS[call]?.(user) ?? ["", [], ""]
  using connection = openConnection(server.url)
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  connection.write(request(line, ["Content-Type: application/json", length, ...headers]))
  connection.write(body.slice(0, 5))
  await untilHeadersAreRead(user)

  await ENDS[end]?.(user)
  const before = await readAllRows(user)
  connection.write(body.slice(5))

  const reply = await connection.read()
  expect(reply?.body).toContain('"UNAUTHENTICATED"')
  expect(reply?.body).not.toContain('"result":{"data"')
  if (!headers.includes(STREAMED)) expect(reply?.status).toBe(401)
  expect(await readAllRows(user)).toEqual(before)
})

/** Waits for responses to later calls with the same credentials, after which the server has read the headers. */
async function untilHeadersAreRead({ accessToken, apiKey }: User) {
  for (const credential of [{ accessToken }, { apiKey }]) {
    expect((await rest(server.url, "GET", "/auth/me", credential)).status).toBe(200)
  }
}

test("a call of a batch is refused and changes nothing once another call has ended the session", async () => {
  const user = await registerWithKey(server.url)
  const { accessToken, id } = user
  const { body: sessions } = await rest(server.url, "GET", "/auth/sessions", { accessToken })
  const own = { json: { id: sessions.items[0].id } }
  const calls = "sessions.revoke,apiKeys.revoke,apiKeys.create,sessions.revokeOthers"
  const { body } = await rest(server.url, "POST", `/trpc/${calls}?batch=1`, {
    accessToken,
    body: { 0: own, 1: { json: { id } }, 2: { json: { label: "x" } } },
  })

  const ending = await sql`select created_at from audit_events
    where owner_id = ${user.user.id} and kind = 'sessionRevoked'`
  const later = await sql`select kind from audit_events
    where owner_id = ${user.user.id} and created_at > ${ending[0]?.created_at}`
  expect(body[0].result).toBeDefined()
  expect(later).toEqual([])
  for (const { error } of body.slice(1)) {
    if (error) expect(error.json.data).toMatchObject({ httpStatus: 401, reason: "UNAUTHENTICATED" })
  }
})

test("an administrator's stolen session changes nothing if its owner ends it before the body arrives", async () => {
  const [admin, other] = [await registerWithKey(server.url), await register(server.url)]
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const body = JSON.stringify({ 0: { json: { id: other.user.id } }, 1: { json: { id: other.user.id } } })
  using connection = openConnection(server.url)
  connection.write(
    request("POST /trpc/admin.users.disable,admin.users.enable?batch=1", [
      bearer(admin),
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ]),
  )
  await untilHeadersAreRead(admin)

  const newPassword = "another long enough phrase"
  const signedIn = await rest(server.url, "POST", "/auth/login", {
    body: { email: admin.email, password: admin.password },
  })
  const changed = await rest(server.url, "POST", "/auth/password", {
    accessToken: signedIn.body.accessToken,
    body: { currentPassword: admin.password, newPassword },
  })
  expect(changed.status).toBe(204)
  connection.write(body)

  expect(await connection.read()).toMatchObject({ status: 401 })
  const [row] = await sql`select disabled_at from owners where id = ${other.user.id}`
  expect(row?.disabled_at).toBeNull()
})
