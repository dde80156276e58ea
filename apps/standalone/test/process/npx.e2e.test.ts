import { execFileSync } from "node:child_process"
import { expect, test } from "vitest"

test("npx --no-install runs the command at the root of a built clone", () => {
  const printed = execFileSync("npx", ["--no-install", "latchkey", "--help"], { encoding: "utf8" })
  expect(printed).toMatch(/^usage: latchkey <command>/)
})
