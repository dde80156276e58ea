import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { newEmbeddedFolder } from "@latchkey/db/test"
import { codeBlock, codeBlocks } from "@latchkey/test-postgres"
import { beforeEach, expect, test } from "vitest"
import { install, packSdk, runProgram } from "../../../../packages/sdk/test/packSdk.ts"
import { spawnBuiltServer } from "../testServer.ts"

let url: string
beforeEach(async () => {
  url = await spawnBuiltServer({ DATA_DIR: await newEmbeddedFolder() }).url
})

/** The names of all fields in a JSON text, at any depth. */
function fieldsOf(json: string) {
  const names: string[] = []
  JSON.parse(json, (name, value) => {
    names.push(name)
    return value
  })
  return names
}

test("the walk-through and the audit trail's example print what the pages show", async () => {
  const walkThrough = codeBlocks("docs/quick-start.md", "sh", "Walk-through")
  const script = [...walkThrough, codeBlock("docs/audit-trail.md", "sh")].join("\n")
  const { stdout } = await runProgram("sh", ["-ec", script.replaceAll("localhost:3000", new URL(url).host)], {
    cwd: process.cwd(),
  })
  const [status = "", refusal = ""] = codeBlock("docs/quick-start.md", "", "Walk-through").trim().split("\n")
  const shown = [
    ...codeBlocks("docs/quick-start.md", "json", "Walk-through"),
    ...[status, refusal],
    codeBlock("docs/audit-trail.md", "json"),
  ]
  const printed = stdout.trim().split("\n")
  expect(printed).toHaveLength(shown.length)
  // A page may be older than the newest field.
  for (const [index, line] of printed.entries()) {
    expect(fieldsOf(line)).toEqual(expect.arrayContaining(fieldsOf(shown[index] ?? "")))
  }
  expect(printed[3]).toBe(status)
  const { requestId: _, ...error } = JSON.parse(printed[4] ?? "")
  expect(JSON.parse(refusal)).toMatchObject(error)
  expect(JSON.parse(printed[1] ?? "")).toMatchObject({ role: "admin", via: "apiKey" })
})

test("the program creates a key with an account of Latchkey's own, and calls with it", async () => {
  await using packed = await packSdk()
  const app = await install(join(packed.folder, "app"), [packed.tarball])
  const code = codeBlock("docs/quick-start.md", "js", "From your code")
  await writeFile(join(app, "main.mjs"), code.replace("http://localhost:3000", url))
  const { stdout } = await runProgram(process.execPath, ["main.mjs"], { cwd: app })
  expect(stdout).toMatch(/^[0-9a-f-]{36} apiKey\n$/)
})
