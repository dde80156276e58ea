import { afterEach, expect, test, vi } from "vitest"
import { respond, result, startRawServer } from "../../test/startServer.ts"
import { createLatchkey } from "../index.ts"

const options = { apiKey: "0123456789abcdef".repeat(4), retries: 0 }
const platform = { fetch: globalThis.fetch, Request: globalThis.Request }

/** What calls were sent with. */
function recordFetches() {
  const sent: (RequestInit & { cache?: string })[] = []
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    sent.push(init)
    return platform.fetch(url, init)
  })
  return sent
}

/** An older Cloudflare Worker's: https://github.com/cloudflare/workerd/issues/698. */
function refuseCache(init: object | undefined) {
  if (init && "cache" in init) {
    throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.")
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test("every call tells the platform's caches to keep nothing", async () => {
  const sent = recordFetches()
  await using raw = await startRawServer((socket) => respond(socket, 200, result({ id: "u1" })))
  const latchkey = createLatchkey({ ...options, baseUrl: raw.url })
  await latchkey.auth.me()
  await latchkey.apiKeys.revoke("8e3e90ea-0667-473a-b5c8-5322ce138ce8")
  expect(sent.map(({ method, cache, redirect }) => ({ method, cache, redirect }))).toEqual([
    { method: "GET", cache: "no-store", redirect: "manual" },
    { method: "POST", cache: "no-store", redirect: "manual" },
  ])
})

test("a platform that throws at the option is called without it, and each call is sent once", async () => {
  vi.stubGlobal(
    "Request",
    class extends platform.Request {
      constructor(url: string, init?: RequestInit) {
        refuseCache(init)
        super(url, init)
      }
    },
  )
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    refuseCache(init)
    return platform.fetch(url, init)
  })
  await using raw = await startRawServer((socket) => respond(socket, 200, result({ id: "u1" })))
  const latchkey = createLatchkey({ ...options, baseUrl: raw.url })
  await latchkey.auth.me()
  await latchkey.apiKeys.revoke("8e3e90ea-0667-473a-b5c8-5322ce138ce8")
  expect(raw.requests).toHaveLength(2)
})

/** The key under which a cache stores a response; null to store none. */
type CacheKey = (url: string, init: RequestInit & { cache?: string }) => string | null

test.each<[string, CacheKey]>([
  ["respects only the option", (url, { cache }) => (cache === "no-store" ? null : url)],
  [
    "ignores the option, but looks responses up by their requests",
    (url, { method, headers, body }) => JSON.stringify([url, method, [...new Headers(headers)], body]),
  ],
])("a cache that %s does not outlive a revocation", async (_, keyOf) => {
  const stored = new Map<string, Response>()
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const key = keyOf(url, init)
    const response = (key !== null && stored.get(key)) || (await platform.fetch(url, init))
    if (key !== null) stored.set(key, response.clone())
    return response
  })
  await using raw = await startRawServer((socket, _, count) =>
    respond(socket, 200, result({ id: `answer ${count}` })),
  )
  const latchkey = createLatchkey({ ...options, baseUrl: raw.url })
  expect((await latchkey.auth.me()).id).toBe("answer 1")
  expect((await latchkey.auth.me()).id).toBe("answer 2")
})
