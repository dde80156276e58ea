import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { codeBlock, codeBlocks } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

test.each([
  [
    "docs/keys.md",
    codeBlock("docs/keys.md", "sh", "Read and change a key"),
    { label: "weekly import", allowedIps: ["203.0.113.0/24"] },
  ],
  [
    "docs/key-limits.md",
    codeBlock("docs/key-limits.md", "sh", "A limit for a key"),
    { rateLimit: { limit: 1000, window: 60 } },
  ],
])("the command of %s changes a key", async (_, command, changed) => {
  const { id, accessToken } = await registerWithKey(server.url)
  const { stdout } = await promisify(execFile)(
    "sh",
    ["-ec", command.replace("localhost:3000", new URL(server.url).host)],
    { env: { ...process.env, TOKEN: accessToken, ID: id } },
  )
  expect(JSON.parse(stdout)).toMatchObject({ id, ...changed })
})

test("docs/key-limits.md shows the response beyond a limit, and the usage that follows", async () => {
  const { id, apiKey, accessToken } = await registerWithKey(server.url)
  const rateLimit = { limit: 1, window: 60 }
  await rest(server.url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body: { rateLimit } })
  await rest(server.url, "GET", "/auth/me", { apiKey })
  const refused = await rest(server.url, "GET", "/auth/me", { apiKey })

  const [head = "", body = ""] = codeBlock("docs/key-limits.md", "", "Responses").split("\n\n")
  expect(refused.status).toBe(429)
  expect(Object.keys(refused.body).sort()).toEqual(Object.keys(JSON.parse(body)).sort())
  for (const [, name = "", value = ""] of head.matchAll(/^(RateLimit.*?|Retry-After): (.*)$/gm)) {
    const withoutNumbers = (text: string) => text.replace(/\d+/g, "n")
    expect(withoutNumbers(refused.headers.get(name) ?? "")).toBe(withoutNumbers(value))
  }

  const [ofOne, ofAll] = codeBlocks("docs/key-limits.md", "json", "Usage").map((code) => JSON.parse(code))
  const one = (await rest(server.url, "GET", `/auth/apikeys/${id}/usage`, { accessToken })).body
  expect(Object.keys(one.items[0])).toEqual(Object.keys(ofOne.items[0]))
  await expect
    .poll(
      async () => (await rest(server.url, "GET", "/auth/apikeys/usage", { accessToken })).body.items.length,
      { timeout: 30_000 },
    )
    .toBe(1)
  const all = (await rest(server.url, "GET", "/auth/apikeys/usage", { accessToken })).body
  expect(Object.keys(all)).toEqual(Object.keys(ofAll))
  expect(Object.keys(all.items[0])).toEqual(Object.keys(ofAll.items[0]))
})
