import { execFile } from "node:child_process"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { codeBlock } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"
import { configurationAfter } from "./configurationAfter.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const run = promisify(execFile)

const key = newSecret()
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let folder: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { INTROSPECTION_KEYS: key })
  folder = await mkdtemp(join(tmpdir(), "latchkey-docs-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test.each([
  ["docs/introspection.md", codeBlock("docs/introspection.md", "sh", "The key of the service that asks"), []],
  [
    "the SDK's README",
    codeBlock("packages/sdk/README.md", "sh", "Your API receives a key"),
    ["reports:read"],
  ],
])("the commands of %s configure a key that introspects", (_, commands, scopes) => {
  const { INTROSPECTION_KEYS, SCOPES } = configurationAfter(commands)
  expect(INTROSPECTION_KEYS).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(SCOPES).toEqual(scopes)
})

const EXAMPLES = {
  sh: { program: "sh", file: "example.sh", code: codeBlock("docs/introspection.md", "sh", "curl") },
  js: { program: process.execPath, file: "example.mjs", code: codeBlock("docs/introspection.md", "js") },
  python: { program: "python3", file: "example.py", code: codeBlock("docs/introspection.md", "python") },
}

test.each(Object.entries(EXAMPLES))(
  "the page's example in %s works as printed",
  async (_, { program, file, code }) => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(12)
    await writeFile(join(folder, file), code)
    const user = await registerWithKey(server.url)
    const ask = async () => {
      const env = { ...process.env, LATCHKEY_URL: server.url, INTROSPECTION_KEY: key, TOKEN: user.apiKey }
      const { stdout } = await run(program, [file], { cwd: folder, env })
      return JSON.parse(stdout)
    }

    const answer = await ask()
    expect(answer).toMatchObject({ active: true, sub: user.user.id, client_id: user.id })
    const shown = JSON.parse(codeBlock("docs/introspection.md", "json", "curl"))
    expect(Object.keys(answer)).toEqual(Object.keys(shown))
    await rest(server.url, "DELETE", `/auth/apikeys/${user.id}`, { accessToken: user.accessToken })
    expect(await ask()).toEqual({ active: false })
  },
)
