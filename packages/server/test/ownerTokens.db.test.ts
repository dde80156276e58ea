import { initTRPC } from "@trpc/server"
import { Hono } from "hono"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { guard } from "../src/adapters/hono.ts"
import type { Identity } from "../src/options/options.ts"
import { rest, startLatchkey } from "./startLatchkey.ts"

// A product that gives its users' browsers tokens for their keys alone. Its own API must not accept them.

/** The product's users are named by a header, as a cookie would. */
const identify = (headers: Headers): Identity | null => JSON.parse(headers.get("x-test-user") ?? "null")

let started: Awaited<ReturnType<typeof startLatchkey>>
let latchkey: Awaited<ReturnType<typeof startLatchkey>>["latchkey"]
let headers: { authorization: string }
beforeAll(async () => {
  started = await startLatchkey(inject("postgresUrl"), {
    identify,
    adminSubjects: [{ issuer: "host", subject: "root" }],
    scopesOf: ({ subject }) => (subject === "org_42" ? ["reports:read"] : []),
  })
  latchkey = started.latchkey
  const manager = await rest(latchkey, "POST", "/auth/apikeys", {
    headers: { "x-test-user": '{"subject":"root"}', host: "localhost", origin: "http://localhost" },
    body: { label: "backend", scopes: ["latchkey:manage"] },
  })
  const { body } = await rest(latchkey, "POST", "/auth/owner-tokens", {
    headers: { "x-api-key": manager.body.key, "latchkey-on-behalf-of": "host org_42" },
    body: {},
  })
  headers = { authorization: `Bearer ${body.accessToken}` }
})
afterAll(() => started[Symbol.asyncDispose]())

test("authenticate, requires and guard reject a token, and do not ask the host about it", async () => {
  const refusal = { status: 401, reason: "UNAUTHENTICATED", cause: "unknown" }
  expect(await latchkey.authenticate(headers)).toMatchObject(refusal)
  expect(await latchkey.authenticate({ ...headers, "x-test-user": '{"subject":"org_7"}' })).toMatchObject(
    refusal,
  )

  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const router = t.router({ mine: t.procedure.concat(latchkey.requires()).query(({ ctx }) => ctx.caller) })
  const caller = router.createCaller(latchkey.createContext({ headers }))
  await expect(caller.mine()).rejects.toMatchObject({ code: "UNAUTHORIZED" })

  const app = new Hono().get("/mine", guard(latchkey, { address: () => undefined }), (c) => c.text("mine"))
  expect((await app.request("/mine", { headers })).status).toBe(401)
})

test("a token can give keys only what the product lets the owner do now", async () => {
  const create = (scope: string) =>
    rest(latchkey, "POST", "/auth/apikeys", { headers, body: { label: "x", scopes: [scope] } })
  expect((await create("reports:read")).status).toBe(201)
  expect((await create("reports:write")).body.reason).toBe("INSUFFICIENT_SCOPE")
})

test("a caller learns whether they may only read", async () => {
  const me = async (token: object) => {
    const root = { "x-test-user": '{"subject":"root"}', host: "localhost", origin: "http://localhost" }
    const manager = await rest(latchkey, "POST", "/auth/apikeys", {
      headers: root,
      body: { label: "backend", scopes: ["latchkey:manage"] },
    })
    const { body } = await rest(latchkey, "POST", "/auth/owner-tokens", {
      headers: { "x-api-key": manager.body.key, "latchkey-on-behalf-of": "host org_42" },
      body: token,
    })
    const bearer = { authorization: `Bearer ${body.accessToken}` }
    return (await rest(latchkey, "GET", "/auth/me", { headers: bearer })).body.manage
  }
  expect(await me({ manage: "read" })).toBe("read")
  expect(await me({})).toBeUndefined()

  const viewer = { "x-test-user": '{"subject":"org_42","actor":"user_9","manage":"read"}' }
  expect((await rest(latchkey, "GET", "/auth/me", { headers: viewer })).body.manage).toBe("read")
})
