import { execFile } from "node:child_process"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"

const repository = fileURLToPath(new URL("../../../..", import.meta.url))
const execute = promisify(execFile)

const NOT_CLONED = new Set([".git", ".latchkey", ".turbo", "coverage", "dist", "node_modules"])

test("a fresh clone builds and runs the server with the packages that npm start installs", async () => {
  const clone = await mkdtemp(join(tmpdir(), "latchkey-clone-"))
  onTestFinished(() => rm(clone, { recursive: true }))
  await cp(repository, clone, { recursive: true, filter: (path) => !NOT_CLONED.has(basename(path)) })
  const pnpm = (...parameters: string[]) =>
    execute("npm", ["run", "--silent", "pnpm", "--", ...parameters], { cwd: clone, maxBuffer: 2 ** 26 })

  await pnpm("--prod", "--filter", "@latchkey/standalone...", "install", "--frozen-lockfile")
  // Without the dashboard, which takes the longest.
  const names = ["contract", "db", "auth", "api", "standalone"]
  await pnpm(...names.flatMap((name) => ["--filter", `@latchkey/${name}`]), "run", "build")

  const main = join(clone, "apps/standalone/dist/main.js")
  const run = execute(process.execPath, [main], { env: { PATH: process.env.PATH, PORT: "http" } })
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^PORT: expected [^\n]*\n$/),
  })
})
