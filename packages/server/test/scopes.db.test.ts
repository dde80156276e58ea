import { initTRPC } from "@trpc/server"
import { expect, inject, test } from "vitest"
import type { Identity } from "../src/options/options.ts"
import { listUnscopedProcedures } from "../src/trpc/listUnscopedProcedures.ts"
import type { LatchkeyServer } from "../src/types.ts"
import { rest, startLatchkey, type TestScope } from "./startLatchkey.ts"

const serverUrl = inject("postgresUrl")

/** The product's users are named by a header, as a cookie would. */
const identify = (headers: Headers): Identity | null => JSON.parse(headers.get("x-test-user") ?? "null")

const as = (user: Identity) => ({
  "x-test-user": JSON.stringify(user),
  host: "localhost",
  origin: "http://localhost",
})

async function createKey(
  latchkey: LatchkeyServer<TestScope>,
  user: Identity,
  scopes: string[] | null,
): Promise<{ status: number; reason?: string; key: string }> {
  const { status, body } = await rest(latchkey, "POST", "/auth/apikeys", {
    headers: as(user),
    body: { label: "x", scopes },
  })
  return { status, ...body }
}

const root = { issuer: "host", subject: "root" }

test("which callers may give a key which of Latchkey's scopes", async () => {
  await using started = await startLatchkey(serverUrl, { identify, adminSubjects: [root] })
  const { latchkey } = started
  const give = async (user: Identity, scope: string) => {
    const { status, reason } = await createKey(latchkey, user, [scope])
    return status === 201 ? 201 : `${status} ${reason}`
  }
  const user = { subject: "org_42" }
  // Whether such a user still is an administrator can't be told when their key is used.
  const administratorByCookie = { subject: "org_42", role: "admin" } as const

  const table: Record<string, unknown[]> = {}
  for (const scope of [
    "latchkey:apikeys:read",
    "latchkey:introspect",
    "latchkey:manage",
    "latchkey:apikeys:write",
  ]) {
    table[scope] = [
      await give(user, scope),
      await give(administratorByCookie, scope),
      await give({ subject: root.subject }, scope),
    ]
  }

  const invalid = "400 INVALID_INPUT"
  expect(table).toEqual({
    "latchkey:apikeys:read": [201, 201, 201],
    "latchkey:introspect": ["403 FORBIDDEN", "403 FORBIDDEN", 201],
    "latchkey:manage": ["403 FORBIDDEN", "403 FORBIDDEN", 201],
    "latchkey:apikeys:write": [invalid, invalid, invalid],
  })
})

test("what a key lists and shows depends on its scopes", async () => {
  await using started = await startLatchkey(serverUrl, { identify, adminSubjects: [root] })
  const { latchkey } = started
  const ask = async (scopes: string[] | null) => {
    const { key } = await createKey(latchkey, { subject: root.subject }, scopes)
    const headers = { "x-api-key": key }
    const listed = await rest(latchkey, "GET", "/auth/apikeys", { headers })
    const me = await rest(latchkey, "GET", "/auth/me", { headers })
    return [listed.status, me.body.scopes, listed.headers.get("www-authenticate")]
  }
  const challenge = expect.stringContaining('error="insufficient_scope", scope="latchkey:apikeys:read"')
  const administrative = ["latchkey:introspect", "latchkey:manage"]

  expect(await ask(null)).toEqual([200, ["reports:read", "reports:write"], null])
  expect(await ask([])).toEqual([403, [], challenge])
  expect(await ask(["latchkey:apikeys:read"])).toEqual([200, ["latchkey:apikeys:read"], null])
  expect(await ask(administrative)).toEqual([403, administrative, challenge])
})

test("an administrator's key loses administrative scopes when its owner is no longer an administrator", async () => {
  await using started = await startLatchkey(serverUrl, { identify, adminSubjects: [root] })
  const { key } = await createKey(started.latchkey, { subject: root.subject }, [
    "reports:read",
    "latchkey:manage",
  ])
  await using without = await startLatchkey(serverUrl, { identify, databaseUrl: started.database.url })

  const verdict = await without.latchkey.authenticate({ "x-api-key": key })

  expect(verdict).toMatchObject({ ok: true, caller: { scopes: ["reports:read"] } })
})

test("scopesOf limits callers and keys to what the owner may do now, and is called once per request", async () => {
  let allowed: () => unknown = () => ["reports:read"]
  let asked = 0
  await using started = await startLatchkey(serverUrl, {
    identify,
    scopesOf: () => {
      asked++
      return allowed() as TestScope[]
    },
  })
  const { latchkey } = started
  const { key } = await createKey(latchkey, { subject: "org_42" }, null)
  expect(await createKey(latchkey, { subject: "org_42" }, ["reports:write"])).toMatchObject({
    status: 403,
    reason: "INSUFFICIENT_SCOPE",
  })
  const headers = { "x-api-key": key }
  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const router = t.router({
    a: t.procedure.concat(latchkey.requires()).query(({ ctx }) => ctx.caller.scopes),
    b: t.procedure.concat(latchkey.requires({ scope: "reports:read" })).query(({ ctx }) => ctx.caller.scopes),
  })

  asked = 0
  const caller = router.createCaller(latchkey.createContext({ headers }))
  expect(await Promise.all([caller.a(), caller.b(), caller.a()])).toEqual([
    ["reports:read"],
    ["reports:read"],
    ["reports:read"],
  ])
  expect(asked).toBe(1)

  allowed = () => ["reports:write", "billing:read"]
  expect(await latchkey.authenticate(headers)).toMatchObject({ caller: { scopes: ["reports:write"] } })
  expect(await latchkey.authenticate(headers, { scope: "reports:read" })).toMatchObject({ status: 403 })
  for (const wrong of ["reports:read", undefined, [1], null]) {
    allowed = () => wrong
    expect(await latchkey.authenticate(headers)).toMatchObject({ status: 503, cause: "unavailable" })
  }
  allowed = () => {
    throw new Error("the product's database is down")
  }
  expect(await latchkey.authenticate(as({ subject: "org_42" }))).toMatchObject({ status: 503 })
})

test("with keysNeedScope, procedures that declare no scope are closed to keys, and can be listed", async () => {
  await using started = await startLatchkey(serverUrl, { identify, keysNeedScope: true })
  const { latchkey } = started
  const { key } = await createKey(latchkey, { subject: "org_42" }, null)
  const byKey = { "x-api-key": key }
  const ask = async (headers: Record<string, string>, scope?: TestScope | []) => {
    const verdict = await latchkey.authenticate(headers, {
      method: "GET",
      ...(scope !== undefined && { scope }),
    })
    return verdict.ok ? 200 : verdict.status
  }

  expect(await ask(byKey)).toBe(403)
  expect(await ask(byKey, [])).toBe(200)
  expect(await ask(byKey, "reports:read")).toBe(200)
  expect(await ask(as({ subject: "org_42" }))).toBe(200)
  // Latchkey's own procedures state theirs.
  expect((await rest(latchkey, "GET", "/auth/me", { headers: byKey })).status).toBe(200)

  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const unscoped = t.procedure.concat(latchkey.requires())
  const router = t.router({
    public: t.procedure.query(() => 1),
    reports: {
      list: unscoped.query(() => 1),
      read: unscoped.concat(latchkey.requires({ scope: "reports:read" })).query(() => 1),
      ping: t.procedure.concat(latchkey.requires({ scope: [] })).query(() => 1),
      byUser: t.procedure.concat(latchkey.requires({ via: ["jwt", "host"] })).query(() => 1),
      byKey: t.procedure.concat(latchkey.requires({ via: "apiKey" })).mutation(() => 1),
    },
    latchkey: latchkey.router,
  })
  expect(listUnscopedProcedures(router)).toEqual(["reports.byKey", "reports.list"])
  const caller = router.createCaller(latchkey.createContext({ headers: byKey }))
  await expect(caller.reports.list()).rejects.toMatchObject({ code: "FORBIDDEN" })
  expect(await caller.reports.ping()).toBe(1)
})
