import { appRouter, restOperations } from "@latchkey/api"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let credentials: Record<string, string>[]
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  const { apiKey, accessToken } = await registerWithKey(server.url)
  credentials = [
    {},
    { "x-api-key": apiKey },
    { authorization: `Bearer ${accessToken}` },
    { "x-api-key": "0".repeat(64) },
    { cookie: "__Host-latchkey=x", origin: server.url },
  ]
})
afterAll(() => server[Symbol.asyncDispose]())

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]

/** Headers with which caches revalidate what they have stored. */
const CONDITIONAL = {
  "if-none-match": '*, "x"',
  "if-modified-since": new Date().toUTCString(),
  range: "bytes=0-5",
}

const restPaths = [...new Set(restOperations.map(({ path }) => path.replaceAll(/\{\w+\}/g, "x")))]
const trpcPaths = Object.keys(appRouter._def.procedures).map((name) => `/trpc/${name}`)
const authenticatedPaths = [
  ...restPaths,
  ...trpcPaths,
  "/trpc/auth.me,apiKeys.list?batch=1",
  "/auth/nowhere",
  "/trpc/nowhere",
]

/** The responses to every method with every credential, and to a streamed call. */
async function callInEveryWay(path: string) {
  const responses: Response[] = []
  for (const method of METHODS) {
    for (const headers of credentials) {
      const init = { method, headers: { ...headers, ...CONDITIONAL, "content-type": "application/json" } }
      responses.push(await fetch(server.url + path, { ...init, ...(method === "POST" && { body: "{" }) }))
    }
  }
  const streamed = { ...credentials[1], "trpc-accept": "application/jsonl" }
  responses.push(await fetch(server.url + path, { headers: streamed }))
  for (const response of responses) await response.arrayBuffer()
  return responses
}

test.each(authenticatedPaths)(
  "no cache may store a response of %s or serve it to another caller",
  async (path) => {
    for (const { status, headers } of await callInEveryWay(path)) {
      expect(status).not.toBe(304)
      expect(headers.get("cache-control")).toBe("no-store")
      const vary = headers.get("vary")?.toLowerCase().split(", ")
      expect(vary?.join()).toBe("authorization,x-api-key,latchkey-on-behalf-of,cookie,trpc-accept,accept")
      expect(headers.get("etag") ?? headers.get("last-modified") ?? headers.get("expires")).toBeNull()
    }
  },
)

test.each(["/healthz", "/readyz", "/openapi.json", "/nowhere", "/assets/nowhere.js", "/metrics"])(
  "no cache may store a response of %s",
  async (path) => {
    for (const { headers } of await callInEveryWay(path))
      expect(headers.get("cache-control")).toBe("no-store")
  },
)

test("caches revalidate the dashboard's page, vary it by Accept, and keep its assets", async () => {
  const page = await fetch(`${server.url}/account`, { headers: { accept: "text/html" } })
  expect(page.headers.get("cache-control")).toBe("no-cache")
  expect(page.headers.get("vary")?.toLowerCase().split(", ")).toContain("accept")
  const asset = /\/assets\/[^"]+\.js/.exec(await page.text())?.[0]
  const script = await fetch(server.url + asset)
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
  await script.arrayBuffer()
})
