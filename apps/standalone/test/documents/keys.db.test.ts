import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { codeBlock } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, startServerOnPostgres } from "../testServer.ts"

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
