import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { newEmbeddedFolder } from "@latchkey/db/test"
import { expect, test } from "vitest"
import { install, packSdk, runProgram } from "../../../packages/sdk/test/packSdk.ts"
import { spawnBuiltServer } from "./testServer.ts"

test("the README's program creates a key with an own account of the built server, and calls with it", async () => {
  const server = spawnBuiltServer({ DATA_DIR: await newEmbeddedFolder() })
  await using packed = await packSdk()
  const app = await install(join(packed.folder, "app"), [packed.tarball])
  const readme = await readFile(fileURLToPath(new URL("../../../README.md", import.meta.url)), "utf8")
  const [, code = ""] = /## From your code.*?```ts\n(.*?)```/s.exec(readme) ?? []
  expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(15)
  await writeFile(join(app, "main.mjs"), code.replace("http://localhost:3000", await server.url))
  const { stdout } = await runProgram(process.execPath, ["main.mjs"], { cwd: app })
  expect(stdout).toMatch(/^[0-9a-f-]{36} apiKey\n$/)
}, 120_000)
