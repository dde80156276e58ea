import { expect, test } from "vitest"
import { captureCommand } from "../../test/captureCommand.ts"

async function run(args: string[], variables: NodeJS.ProcessEnv = {}) {
  const { exitCode, printed, errors } = await captureCommand(args, variables)
  return { exitCode, output: printed.join("\n"), errors: errors.join("\n") }
}

test("scan-rules prints the configuration of a scanner, for KEY_PREFIX or another prefix", async () => {
  expect((await run(["scan-rules", "gitleaks"], { KEY_PREFIX: "acme" })).output).toMatch(
    "regex = '''\\bacme_[0-9a-f]{72}\\b'''",
  )
  expect(
    (await run(["scan-rules", "trufflehog", "--prefix", "other"], { KEY_PREFIX: "acme" })).output,
  ).toMatch("- other_")
  expect(JSON.parse((await run(["scan-rules", "github", "--prefix=acme"])).output)).toMatchObject({
    secretFormat: "acme_[0-9a-f]{72}",
  })
  expect(Object.keys(JSON.parse((await run(["scan-rules", "--prefix", "acme"])).output))).toContain("pattern")
})

test("scan-rules names a missing or wrong prefix", async () => {
  expect(await run(["scan-rules"])).toMatchObject({
    exitCode: 1,
    errors: expect.stringMatching(/^KEY_PREFIX: /),
  })
  expect(await run(["scan-rules", "--prefix", "A'"])).toMatchObject({
    exitCode: 1,
    errors: expect.stringMatching(/^--prefix: expected 2 to 20/),
  })
})

test.each([
  [[]],
  [["unknown"]],
  [["constructor"]],
  [["scan-rules", "grep"]],
  [["scan-rules", "--file", "x"]],
  [["migrate", "--now"]],
])("arguments that no command takes print the usage: %j", async (args) => {
  expect(await run(args)).toMatchObject({ exitCode: 1, errors: expect.stringMatching(/^usage: latchkey/) })
})
