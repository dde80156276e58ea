import { randomBytes } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { codeOf, registerWithApp } from "../accounts/authenticatorApp.ts"
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

/** During `run`, calls that take a right away wait, as if an instance had died with a lease of 10 s. */
async function whileLeaseLags(run: () => Promise<void>) {
  await sql`update latchkey.authority set longest_lease = 10000`
  await sql`insert into latchkey.leases (instance_id, token, applied, length)
    values (gen_random_uuid(), gen_random_uuid(), -1, 10000)`
  try {
    await run()
  } finally {
    await sql`delete from latchkey.leases`
  }
}

async function countKeys(labels: readonly string[]) {
  const [row] = await sql<{ keys: number }[]>`
    select count(*)::int as keys from latchkey.api_keys where label = any(${[...labels]})`
  return row?.keys
}

test("changes of many users that wait for a lost instance do not delay other users", async () => {
  const users = await Promise.all(Array.from({ length: 8 }, () => registerWithKey(server.url)))
  const honest = await registerWithKey(server.url)
  await whileLeaseLags(async () => {
    const isAnswered = users.map(() => false)
    const changes = users.map(async ({ accessToken, id }, index) => {
      const body = { label: `waits ${index}` }
      const response = await rest(server.url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body })
      isAnswered[index] = true
      return response.status
    })
    const labels = users.map((_, index) => `waits ${index}`)
    await expect.poll(() => countKeys(labels)).toBe(users.length)

    const { accessToken, apiKey } = honest
    expect((await rest(server.url, "GET", "/auth/apikeys", { accessToken })).status).toBe(200)
    expect((await rest(server.url, "GET", "/auth/apikeys", { apiKey })).status).toBe(200)
    expect(isAnswered).not.toContain(true)
    await sql`delete from latchkey.leases`
    expect(new Set(await Promise.all(changes))).toEqual(new Set([200]))
  })
})

test("40 reports by strangers that wait for a lost instance read the leases over one connection", async () => {
  await whileLeaseLags(async () => {
    const reports = Array.from({ length: 40 }, async () => {
      const body = { key: randomBytes(32).toString("hex") }
      return (await rest(server.url, "POST", "/auth/apikeys/leaked", { body })).status
    })
    const looks: number[] = []
    for (let round = 0; round < 20; round++) {
      const [row] = await sql<{ looks: number }[]>`
        select count(*)::int as looks from pg_stat_activity
        where datname = current_database() and state = 'active' and query like '%json_agg%leases%'
          and pid <> pg_backend_pid()`
      looks.push(row?.looks ?? 0)
    }
    expect(Math.max(...looks)).toBeLessThanOrEqual(1)
    await sql`delete from latchkey.leases`
    expect(new Set(await Promise.all(reports))).toEqual(new Set([202]))
  })
})

interface Repeatable {
  userId: string
  /** The event that shows that the call has taken effect. */
  kind: string
  call: () => ReturnType<typeof rest>
}

const repeatable: [string, number, () => Promise<Repeatable>][] = [
  [
    "signing out with an access token",
    401,
    async () => {
      const { user, accessToken } = await register(server.url)
      const call = () => rest(server.url, "POST", "/auth/logout", { accessToken })
      return { userId: user.id, kind: "loggedOut", call }
    },
  ],
  [
    "signing out with a cookie",
    204,
    async () => {
      const { user, refreshToken } = await register(server.url)
      const headers = { cookie: `__Host-latchkey=${refreshToken}`, origin: server.url }
      const call = () => rest(server.url, "POST", "/auth/logout", { headers })
      return { userId: user.id, kind: "loggedOut", call }
    },
  ],
  [
    "setting up a second factor",
    404,
    async () => {
      const { user, accessToken, password } = await register(server.url)
      const setup = { accessToken, body: { currentPassword: password } }
      const { body } = await rest(server.url, "POST", "/auth/second-factor", setup)
      const completion = { accessToken, body: { totp: codeOf(body.secret) } }
      const call = () => rest(server.url, "POST", "/auth/second-factor/confirm", completion)
      return { userId: user.id, kind: "secondFactorEnabled", call }
    },
  ],
  [
    "removing a second factor",
    404,
    async () => {
      const { user, accessToken, password, codes } = await registerWithApp(server.url)
      const removal = { accessToken, body: { currentPassword: password, recoveryCode: codes[0] } }
      const call = () => rest(server.url, "POST", "/auth/second-factor/remove", removal)
      return { userId: user.id, kind: "secondFactorDisabled", call }
    },
  ],
]

test.each(repeatable)(
  "%s again is not answered before all instances have applied it",
  async (_, status, prepare) => {
    const { userId, kind, call } = await prepare()
    const honest = await registerWithKey(server.url)
    await whileLeaseLags(async () => {
      let isApplied = false
      const first = call()
      await expect
        .poll(async () => {
          const events =
            await sql`select from latchkey.audit_events where owner_id = ${userId} and kind = ${kind}`
          return events.length
        })
        .toBe(1)
      const second = call().then((reply) => ({ status: reply.status, isApplied }))
      // Gives a premature answer time to arrive.
      for (let n = 0; n < 50; n++) await rest(server.url, "GET", "/auth/me", { apiKey: honest.apiKey })
      isApplied = true
      await sql`delete from latchkey.leases`
      expect(await second).toEqual({ status, isApplied: true })
      expect((await first).status).toBeLessThan(300)
    })
  },
)

test("signing out with a made-up token waits for no instance", async () => {
  await whileLeaseLags(async () => {
    const headers = { cookie: `__Host-latchkey=${randomBytes(64).toString("base64url")}`, origin: server.url }
    expect((await rest(server.url, "POST", "/auth/logout", { headers })).status).toBe(204)
    const [row] = await sql<{ leases: number }[]>`select count(*)::int as leases from latchkey.leases`
    expect(row?.leases).toBe(1)
  })
})
