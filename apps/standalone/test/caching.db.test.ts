import { appRouter, restOperations } from "@latchkey/api"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, startServerOnPostgres } from "./testServer.ts"

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

/** What caches ask with to learn whether what they have is still good. */
const CONDITIONAL = {
  "if-none-match": '*, "x"',
  "if-modified-since": new Date().toUTCString(),
  range: "bytes=0-5",
}

const rest = [...new Set(restOperations.map(({ path }) => path.replaceAll(/\{\w+\}/g, "x")))]
const trpc = Object.keys(appRouter._def.procedures).map((name) => `/trpc/${name}`)
const withVerdict = [...rest, ...trpc, "/trpc/auth.me,apiKeys.list?batch=1", "/auth/nowhere", "/trpc/nowhere"]

async function answersOf(path: string) {
  const answers: Response[] = []
  for (const method of METHODS) {
    for (const headers of credentials) {
      const init = { method, headers: { ...headers, ...CONDITIONAL, "content-type": "application/json" } }
      answers.push(await fetch(server.url + path, { ...init, ...(method === "POST" && { body: "{" }) }))
    }
  }
  const streamed = { ...credentials[1], "trpc-accept": "application/jsonl" }
  answers.push(await fetch(server.url + path, { headers: streamed }))
  for (const answer of answers) await answer.arrayBuffer()
  return answers
}

test.each(withVerdict)("no cache may keep an answer of %s, or give it to another caller", async (path) => {
  for (const { status, headers } of await answersOf(path)) {
    expect(status).not.toBe(304)
    expect(headers.get("cache-control")).toBe("no-store")
    const vary = headers.get("vary")?.toLowerCase().split(", ")
    expect(vary).toEqual(["authorization", "x-api-key", "cookie", "trpc-accept", "accept"])
    expect(headers.get("etag") ?? headers.get("last-modified") ?? headers.get("expires")).toBeNull()
  }
})

test.each(["/healthz", "/readyz", "/openapi.json", "/nowhere", "/assets/nowhere.js", "/metrics"])(
  "no cache may keep an answer of %s",
  async (path) => {
    for (const { headers } of await answersOf(path)) expect(headers.get("cache-control")).toBe("no-store")
  },
)

test("the dashboard's page is asked for anew, and not given to those who ask for JSON", async () => {
  const page = await fetch(`${server.url}/account`, { headers: { accept: "text/html" } })
  expect(page.headers.get("cache-control")).toBe("no-cache")
  expect(page.headers.get("vary")?.toLowerCase().split(", ")).toContain("accept")
  const asset = /\/assets\/[^"]+\.js/.exec(await page.text())?.[0]
  const script = await fetch(server.url + asset)
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
  await script.arrayBuffer()
})
