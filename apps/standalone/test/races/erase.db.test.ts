import { createHash } from "node:crypto"
import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { challengeOf, setUpApp } from "../accounts/authenticatorApp.ts"
import { register, registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { holdLock } from "./holdLock.ts"

/** Two instances that share a database. The administrator erases on the second. */
let first: Awaited<ReturnType<typeof startServerOnPostgres>>
let second: Awaited<ReturnType<typeof startTestServer>>
let sql: ReturnType<typeof connect>
let admin: Awaited<ReturnType<typeof register>>
beforeAll(async () => {
  first = await startServerOnPostgres(inject("postgresUrl"))
  second = await startTestServer(first.shared)
  sql = connect(first.shared.DATABASE_URL)
  admin = await newAdmin()
})
afterAll(async () => {
  await sql.end()
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
})

async function newAdmin() {
  const user = await register(first.url)
  await sql`update owners set role = 'admin' where id = ${user.user.id}`
  return user
}

type User = Awaited<ReturnType<typeof registerWithKey>>

const erase = ({ user }: Pick<User, "user">, { accessToken } = admin) =>
  rest(second.url, "DELETE", `/auth/admin/users/${user.id}`, { accessToken })

const me = (call: { accessToken?: string; apiKey?: string }) => rest(first.url, "GET", "/auth/me", call)

const holdOwner = (transaction: ReservedSql, { user }: User) =>
  transaction`select from owners where id = ${user.id} for update`
const holdKey = (transaction: ReservedSql, { id }: User) =>
  transaction`select from api_keys where id = ${id} for update`
const holdSession = (transaction: ReservedSql, { user }: User) =>
  transaction`select from sessions where user_id = ${user.id} for update`

const sha256 = (text: string) => createHash("sha256").update(text).digest()

/** The token of a link of a user. */
const tokenOf = ({ user }: User) => sha256(user.id).toString("base64url")

const storeLink = (
  user: User,
  kind: string,
) => sql`insert into account_tokens (user_id, kind, token_hash, expires_at)
  values (${user.user.id}, ${kind}, ${sha256(tokenOf(user))}, now() + interval '1 hour')
  on conflict (user_id, kind) do update set token_hash = excluded.token_hash`

/** By user, a code of their second factor, and a challenge that it answers. */
const answers = new Map<string, { challenge: string; recoveryCode: string }>()

async function beginSignIn(user: User) {
  const { codes } = await setUpApp(first.url, user)
  answers.set(user.user.id, { challenge: await challengeOf(first.url, user), recoveryCode: codes[0] ?? "" })
}

interface Change {
  name: string
  /** What holds both of them back. */
  hold: (transaction: ReservedSql, user: User) => Promise<unknown>
  prepare?: (user: User) => Promise<unknown>
  change: (user: User) => ReturnType<typeof rest>
  /** The statuses of the change: before the erasure, and after it. */
  statuses: [before: number, after: number]
}

const CHANGES: Change[] = [
  {
    name: "creating a key",
    hold: holdOwner,
    change: ({ accessToken }) =>
      rest(first.url, "POST", "/auth/apikeys", { accessToken, body: { label: "late" } }),
    statuses: [201, 401],
  },
  {
    name: "rotating a key",
    hold: holdOwner,
    change: ({ id, accessToken }) => rest(first.url, "POST", `/auth/apikeys/${id}/rotate`, { accessToken }),
    statuses: [201, 401],
  },
  {
    name: "changing a key",
    hold: holdKey,
    change: ({ id, accessToken }) =>
      rest(first.url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body: { label: "late" } }),
    statuses: [200, 401],
  },
  {
    name: "signing in",
    hold: holdOwner,
    change: ({ email, password }) => rest(first.url, "POST", "/auth/login", { body: { email, password } }),
    statuses: [200, 401],
  },
  {
    name: "refreshing a session",
    hold: holdSession,
    change: ({ refreshToken }) => rest(first.url, "POST", "/auth/refresh", { body: { refreshToken } }),
    statuses: [200, 401],
  },
  {
    name: "verifying a key by its bcrypt",
    hold: holdKey,
    prepare: ({ id }) => sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${id}`,
    change: ({ apiKey }) => me({ apiKey }),
    statuses: [200, 401],
  },
  {
    name: "setting the password by a link",
    hold: holdOwner,
    prepare: (user) => storeLink(user, "passwordReset"),
    change: (user) => {
      const body = { token: tokenOf(user), newPassword: "another long enough phrase" }
      return rest(first.url, "POST", "/auth/password/reset", { body })
    },
    statuses: [204, 404],
  },
  {
    name: "verifying the email",
    hold: holdOwner,
    prepare: (user) => storeLink(user, "emailVerification"),
    change: (user) => rest(first.url, "POST", "/auth/email/verify", { body: { token: tokenOf(user) } }),
    statuses: [204, 404],
  },
  {
    name: "completing a sign-in with a second factor",
    hold: holdOwner,
    prepare: beginSignIn,
    change: ({ user }) => rest(first.url, "POST", "/auth/login", { body: answers.get(user.id) ?? {} }),
    statuses: [200, 401],
  },
  {
    name: "removing the second factor",
    hold: holdOwner,
    prepare: beginSignIn,
    change: ({ user, accessToken, password: currentPassword }) => {
      const body = { currentPassword, recoveryCode: answers.get(user.id)?.recoveryCode }
      return rest(first.url, "POST", "/auth/second-factor/remove", { accessToken, body })
    },
    statuses: [204, 401],
  },
  {
    name: "reporting the key as leaked",
    hold: holdOwner,
    change: ({ apiKey }) => rest(first.url, "POST", "/auth/apikeys/leaked", { body: { key: apiKey } }),
    statuses: [202, 202],
  },
  {
    name: "disabling the user",
    hold: holdOwner,
    change: ({ user }) =>
      rest(first.url, "POST", `/auth/admin/users/${user.id}/disable`, { accessToken: admin.accessToken }),
    statuses: [204, 204],
  },
  {
    name: "enabling the user",
    hold: holdOwner,
    change: ({ user }) =>
      rest(first.url, "POST", `/auth/admin/users/${user.id}/enable`, { accessToken: admin.accessToken }),
    statuses: [204, 404],
  },
  { name: "another erasure", hold: holdOwner, change: (user) => erase(user), statuses: [204, 204] },
]

/** Nothing that the user had, or got meanwhile, is accepted, and nothing personal is left. */
async function expectErased({ user, email, accessToken, apiKey }: User, change: { body: unknown }) {
  const got = (change.body ?? {}) as { accessToken?: string; key?: string }
  for (const call of [{ accessToken }, { apiKey }]) expect((await me(call)).status).toBe(401)
  if (got.accessToken) expect((await me({ accessToken: got.accessToken })).status).toBe(401)
  if (got.key) expect((await me({ apiKey: got.key })).status).toBe(401)

  const [row] = await sql`select email, disabled_at, erased_at, stripped_at from owners where id = ${user.id}`
  const time = expect.any(Date)
  expect(row).toEqual({ email: null, disabled_at: time, erased_at: time, stripped_at: time })
  const keys = await sql`select distinct label, key_hash, receipt, revoked_at is null as active
    from api_keys where owner_id = ${user.id}`
  expect(keys).toEqual([{ label: "", key_hash: null, receipt: null, active: false }])
  expect(await sql`select from sessions where user_id = ${user.id}`).toEqual([])
  const left = await sql`select user_id from account_tokens where user_id = ${user.id}
    union all select user_id from sign_in_challenges where user_id = ${user.id}
    union all select user_id from second_factors where user_id = ${user.id}
    union all select user_id from recovery_codes where user_id = ${user.id}`
  expect(left).toEqual([])
  const [events] = await sql`select count(*) filter (where kind = 'userErased')::int as erasures,
      count(*) filter (where actor_id is null and coalesce(address, device) is not null)::int as named,
      count(subject_label)::int + count(changes)::int + count(summary_of)::int as described
    from audit_events where owner_id = ${user.id}`
  expect(events).toEqual({ erasures: 1, named: 0, described: 0 })
  const login = await rest(first.url, "POST", "/auth/login", { body: { email, password: "something else" } })
  expect(login.status).toBe(401)
}

describe.each(CHANGES)("$name and an erasure at once", ({ hold, prepare, change, statuses }) => {
  async function race(order: "change" | "erasure") {
    const user = await registerWithKey(first.url)
    await prepare?.(user)
    const lock = await holdLock(first.shared.DATABASE_URL, (transaction) => hold(transaction, user))
    const start = { change: () => change(user), erasure: () => erase(user) }
    const former = start[order]()
    await lock.untilWaiting(1)
    const latter = start[order === "change" ? "erasure" : "change"]()
    await lock.untilWaiting(2)
    await lock.release()
    const [changed, erased] = order === "change" ? [former, latter] : [latter, former]
    expect((await erased).status).toBe(204)
    return { user, changed: await changed }
  }

  test("end what was changed before", async () => {
    const { user, changed } = await race("change")
    expect(changed.status).toBe(statuses[0])
    await expectErased(user, changed)
  })

  test("refuse the change if the erasure comes first", async () => {
    const { user, changed } = await race("erasure")
    expect(changed.status).toBe(statuses[1])
    await expectErased(user, changed)
  })
})

test("if two administrators erase each other at the same time, one is refused", async () => {
  const [ada, bob] = [await newAdmin(), await newAdmin()]
  const ids = [ada.user.id, bob.user.id]
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (transaction) => transaction`select from owners where id in ${transaction(ids)} for update`,
  )
  const erasures = [erase(bob, ada), erase(ada, bob)]
  await lock.untilWaiting(2)
  await lock.release()

  expect((await Promise.all(erasures)).map(({ status }) => status).sort()).toEqual([204, 401])
  const left = await Promise.all([ada, bob].map(({ accessToken }) => me({ accessToken })))
  expect(left.map(({ status }) => status).sort()).toEqual([200, 401])
})

test("an erasure by a managing key, and the recording of uses of both owners' keys, don't deadlock", async () => {
  const { accessToken } = admin
  const body = { label: "backend", scopes: ["latchkey:manage"] }
  const managing = (await rest(first.url, "POST", "/auth/apikeys", { accessToken, body })).body
  const owner = { issuer: "host", subject: "org_circle" }
  const onBehalfOf = { "latchkey-on-behalf-of": `${owner.issuer} ${owner.subject}` }
  const ids: string[] = [managing.id]
  // The managing key must not be the first in order.
  while (ids[0] === managing.id) {
    const call = { apiKey: managing.key, headers: onBehalfOf, body: { label: "x" } }
    ids.push((await rest(first.url, "POST", "/auth/apikeys", call)).body.id)
    ids.sort()
  }
  // Like the recording of uses, which locks all of them in their order.
  const lock = await holdLock(
    first.shared.DATABASE_URL,
    (transaction) => transaction`select from api_keys where id = ${ids[0] ?? ""} for no key update`,
  )
  const erased = rest(second.url, "POST", "/auth/admin/users/erase", { apiKey: managing.key, body: owner })
  await lock.untilWaiting(1)
  const others = await sql`select id from api_keys where id in ${sql(ids.slice(1))} for no key update nowait`
  expect(others).toHaveLength(ids.length - 1)
  await lock.release()
  expect((await erased).status).toBe(204)
})

test("an import in progress for an owner who is not known yet leaves no keys after an erasure", async () => {
  const body = { label: "backend", scopes: ["latchkey:manage"] }
  const { key: apiKey } = (
    await rest(first.url, "POST", "/auth/apikeys", { accessToken: admin.accessToken, body })
  ).body
  const owner = { issuer: "host", subject: "org_imported" }
  const headers = { "latchkey-on-behalf-of": `${owner.issuer} ${owner.subject}` }
  await rest(first.url, "POST", "/auth/apikeys", { apiKey, headers, body: { label: "x" } })
  const [known] = await sql`delete from owners where subject = ${owner.subject} returning id`
  const id: string = known?.id
  const lock = await holdLock(first.shared.DATABASE_URL, async (transaction) => {
    await transaction`insert into owners ${transaction({ id, ...owner })}`
    await transaction`
      insert into api_keys (owner_id, lookup_id, key_hash, label, created_by)
      values (${id}, '0123456789abcdef', 'hash', 'of Ada', 'ada')`
  })
  const erased = rest(second.url, "POST", "/auth/admin/users/erase", { apiKey, body: owner })
  await lock.untilWaiting(1)
  await lock.commit()
  expect((await erased).status).toBe(204)

  const keys = await sql`
    select label, created_by, key_hash, revoked_at is null as active from api_keys where owner_id = ${id}`
  expect(keys).toEqual([{ label: "", created_by: id, key_hash: null, active: false }])
  expect(await sql`select subject = ${owner.subject} as named from owners where id = ${id}`).toEqual([
    { named: false },
  ])
})
