import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, registerWithKey, rest, startServerOnPostgres } from "./testServer.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const run = promisify(execFile)

const key = newSecret()
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let folder: string
let page: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { INTROSPECTION_KEYS: key })
  folder = await mkdtemp(join(tmpdir(), "latchkey-docs-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  page = await readFile(join(root, "docs/introspection.md"), "utf8")
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const COMMANDS = {
  sh: ["sh", "example.sh"],
  js: [process.execPath, "example.mjs"],
  python: ["python3", "example.py"],
} as const

test.each(Object.entries(COMMANDS))(
  "the page's example in %s works as printed",
  async (language, command) => {
    const [program, file] = command
    const example =
      new RegExp(`\`\`\`${language}\n([^\`]*(?:\`[^\`]+\`[^\`]*)*)\n\`\`\``).exec(page)?.[1] ?? ""
    expect(example.split("\n").length).toBeLessThanOrEqual(12)
    await writeFile(join(folder, file), example)
    const user = await registerWithKey(server.url)
    const ask = async () => {
      const env = { ...process.env, LATCHKEY_URL: server.url, INTROSPECTION_KEY: key, TOKEN: user.apiKey }
      const { stdout } = await run(program, [file], { cwd: folder, env })
      return JSON.parse(stdout)
    }

    expect(await ask()).toMatchObject({ active: true, sub: user.user.id, client_id: user.id })
    await rest(server.url, "DELETE", `/auth/apikeys/${user.id}`, { accessToken: user.accessToken })
    expect(await ask()).toEqual({ active: false })
  },
)
