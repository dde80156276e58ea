import { randomUUID } from "node:crypto"
import { initTRPC } from "@trpc/server"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { Hono } from "hono"
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest"
import { rest, startLatchkey, type TestScope } from "../test/startLatchkey.ts"
import { guard } from "./adapters/hono.ts"
import type { ContextSource, LatchkeyServer } from "./types.ts"

let started: Awaited<ReturnType<typeof startLatchkey>>
let latchkey: LatchkeyServer<TestScope>
beforeAll(async () => {
  started = await startLatchkey(inject("postgresUrl"))
  latchkey = started.latchkey
})
afterAll(() => started[Symbol.asyncDispose]())

const HOUR = 3_600

async function newKey(limit: number, scopes: TestScope[] | null = null) {
  const { apiKeys } = latchkey.as({ subject: randomUUID() })
  const { id, key } = await apiKeys.create({ label: "x", scopes, rateLimit: { limit, window: HOUR } })
  return { id, headers: { "x-api-key": key }, apiKeys }
}

const remaining = (headers: Headers | Record<string, string>) =>
  /r=(\d+)/.exec(new Headers(headers).get("ratelimit") ?? "")?.[1]

/** A product's router, two of whose procedures are behind more than one `requires`. */
function createProduct() {
  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const protectedProcedure = t.procedure.concat(latchkey.requires())
  const router = t.router({
    one: protectedProcedure.query(() => "one"),
    stacked: protectedProcedure
      .concat(latchkey.requires({ scope: "reports:read" }))
      .concat(latchkey.requires({ via: "apiKey" }))
      .query(() => "stacked"),
  })
  return (req: Request) =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req,
      router,
      createContext: (options: ContextSource) => latchkey.createContext(options),
    })
}

const request = (path: string, headers: Record<string, string>) =>
  new Request(`http://localhost${path}`, { headers })

test("a verdict counts, tells how much of the limit is left, and beyond it is a 429 with its cause", async () => {
  const { id, headers } = await newKey(2)
  const sent = new Headers(headers)
  const first = await latchkey.authenticate(sent)
  expect(first).toMatchObject({ ok: true, headers: { "RateLimit-Policy": '"key";q=2;w=3600' } })
  // The scope is refused, and the call counts.
  expect(await latchkey.authenticate(sent, { via: "jwt" })).toMatchObject({ ok: false, status: 403 })

  const refused = await latchkey.authenticate(sent)
  expect(refused).toMatchObject({
    ...{ ok: false, status: 429, reason: "RATE_LIMITED", cause: "limit", apiKeyId: id },
    body: { code: "TOO_MANY_REQUESTS", begun: false },
  })
  if (refused.ok) return
  expect(refused.headers["Retry-After"]).toMatch(/^\d+$/)
  expect(remaining(refused.headers)).toBe("0")
  const response = refused.toResponse()
  expect([response.status, response.headers.get("retry-after")]).toEqual([
    429,
    refused.headers["Retry-After"],
  ])
})

test("other callers have no limit", async () => {
  const { key } = await latchkey.as({ subject: randomUUID() }).apiKeys.create({ label: "x" })
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true, headers: {} })
})

test("each procedure of a batch counts once, however often it is verified", async () => {
  const { headers } = await newKey(10, ["reports:read"])
  const serve = createProduct()
  const response = await serve(request("/trpc/one,stacked,stacked?batch=1", headers))
  expect(response.status).toBe(200)
  expect(remaining((await latchkey.authenticate(headers)).headers)).toBe("6")
})

test("a guard before a router counts each call of a batch exactly once", async () => {
  const { headers } = await newKey(10, ["reports:read"])
  const serve = createProduct()
  const app = new Hono()
  app.use("/trpc/*", guard(latchkey), guard(latchkey, { scope: "reports:read" }))
  app.all("/trpc/*", (c) => serve(c.req.raw))

  const one = await app.fetch(request("/trpc/one", headers))
  expect([one.status, remaining(one.headers)]).toEqual([200, "9"])
  const batch = await app.fetch(request("/trpc/one,stacked,one?batch=1", headers))
  expect([batch.status, remaining(batch.headers)]).toEqual([200, "8"])
  expect(remaining((await latchkey.authenticate(headers)).headers)).toBe("5")
})

test("verdicts about another key, or by another server, count for themselves within one request", async () => {
  const [one, two] = [await newKey(10), await newKey(1)]
  await using other = await startLatchkey(inject("postgresUrl"))
  const options = { request: request("/", {}) }
  expect(await other.latchkey.authenticate(two.headers, options)).toMatchObject({ cause: "unknown" })
  expect(await latchkey.authenticate(one.headers, options)).toMatchObject({ ok: true })
  expect(remaining((await latchkey.authenticate(two.headers, options)).headers)).toBe("0")
  expect(await latchkey.authenticate(two.headers)).toMatchObject({ status: 429 })
})

test("procedures beyond the limit are 429 within a batch", async () => {
  const { headers } = await newKey(2)
  const response = await createProduct()(request("/trpc/one,one,one?batch=1", headers))
  const body = (await response.json()) as { error?: { data: { httpStatus: number } } }[]
  expect(body.map(({ error }) => error?.data.httpStatus ?? 200).sort()).toEqual([200, 200, 429])
})

test("a subscription counts once, however often it is verified again", async () => {
  const { id, headers, apiKeys } = await newKey(10)
  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const router = t.router({
    ticks: t.procedure.concat(latchkey.requires()).subscription(async function* ({ signal }) {
      yield "begun"
      await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    }),
  })
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  onTestFinished(() => void vi.useRealTimers())
  const caller = router.createCaller(latchkey.createContext({ headers }))
  const ticks = (await caller.ticks())[Symbol.asyncIterator]()
  expect(await ticks.next()).toEqual({ done: false, value: "begun" })
  const next = ticks.next()
  next.catch(() => {})

  await vi.advanceTimersByTimeAsync(5_000)
  expect(remaining((await latchkey.authenticate(headers)).headers)).toBe("8")
  await apiKeys.revoke(id)
  await vi.advanceTimersByTimeAsync(5_000)
  await expect(next).rejects.toMatchObject({ code: "UNAUTHORIZED" })
})

test("calls through fetch and verdicts share the limit, which survives a restart", async () => {
  const { headers } = await newKey(3)
  expect((await rest(latchkey, "GET", "/auth/me", { headers })).status).toBe(200)
  expect(await latchkey.authenticate(headers)).toMatchObject({ ok: true })
  await latchkey.flush()
  expect((await rest(latchkey, "GET", "/auth/me", { headers })).status).toBe(200)
  expect((await rest(latchkey, "GET", "/auth/me", { headers })).status).toBe(429)
  expect(await latchkey.authenticate(headers)).toMatchObject({ status: 429 })
})

test("the host reads the usage of its owners' keys", async () => {
  const { id, headers, apiKeys } = await newKey(2)
  for (let n = 0; n < 3; n++) await latchkey.authenticate(headers)
  await latchkey.flush()

  // Two days, in case the date changes during the test.
  const { items } = await apiKeys.usage(id, { days: 2 })
  expect(items.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(2)
  expect(items.reduce((sum, { limited }) => sum + limited, 0)).toBe(1)
  expect(await apiKeys.usageOfAll({ days: 2 })).toEqual({
    dates: items.map(({ date }) => date),
    items: [
      {
        apiKeyId: id,
        accepted: items.map(({ accepted }) => accepted),
        limited: items.map(({ limited }) => limited),
      },
    ],
  })
  expect((await apiKeys.usage(id)).items).toHaveLength(30)
  const stranger = latchkey.as({ subject: randomUUID() }).apiKeys
  await expect(stranger.usage(id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
  expect(await stranger.usageOfAll({ days: 1 })).toMatchObject({ items: [] })
  await expect(apiKeys.usage(id, { days: 91 })).rejects.toMatchObject({ reason: "INVALID_INPUT" })
})

test("over REST, an owner reads the usage of one of their own keys, or of all at once", async () => {
  const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() }
  const { body: account } = await rest(latchkey, "POST", "/auth/register", { body: credentials })
  const headers = { authorization: `Bearer ${account.accessToken}` }
  const { body: created } = await rest(latchkey, "POST", "/auth/apikeys", { headers, body: { label: "x" } })
  for (let n = 0; n < 3; n++) await latchkey.authenticate({ "x-api-key": created.key })
  await latchkey.flush()

  const one = await rest(latchkey, "GET", `/auth/apikeys/${created.id}/usage?days=7`, { headers })
  expect(one.body.items).toHaveLength(7)
  expect(one.body.items.at(-1).date).toMatch(/^\d{4}-\d\d-\d\d$/)
  const all = await rest(latchkey, "GET", "/auth/apikeys/usage?days=7", { headers })
  expect(all.body.dates).toEqual(one.body.items.map(({ date }: { date: string }) => date))
  expect(all.body.items).toMatchObject([{ apiKeyId: created.id }])
  const [{ accepted }] = all.body.items
  expect(accepted.reduce((sum: number, calls: number) => sum + calls, 0)).toBe(3)
})
