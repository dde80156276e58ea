import { codeBlock, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { runCommand } from "./runCommand.ts"

async function run(args: string[], variables: NodeJS.ProcessEnv) {
  const lines: string[] = []
  const errors: string[] = []
  const exitCode = await runCommand(args, {
    variables,
    print: (line) => lines.push(line),
    printError: (line) => errors.push(line),
  })
  return { exitCode, lines, errors }
}

test("doctor warns of pending migrations, and no longer warns after them", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const variables = { DATABASE_URL: server.url }
  const before = await run(["doctor"], variables)
  expect(before.exitCode).toBe(2)
  expect(before.lines).toContainEqual(
    expect.stringMatching(/^warning {2}the schema is current: \d+ migrations are pending/),
  )

  await run(["migrate"], variables)
  const command = codeBlock("docs/engines.md", "sh", "Other engines than PostgreSQL")
  expect(command).toBe("DATABASE_URL=postgres://… npx latchkey doctor --database\n")
  const after = await run(["doctor", "--database", "--json"], variables)
  expect(after).toMatchObject({ exitCode: 0, errors: [] })
  const { checks } = JSON.parse(after.lines.join(""))
  expect(checks.length).toBeGreaterThan(12)
  expect(new Set(checks.map(({ result }: { result: string }) => result))).toEqual(new Set(["ok"]))
})

test("doctor says why the database can't be used, without the password", async () => {
  const refused = await run(["doctor"], { DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/d" })
  expect(refused).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^failed {3}the database can be used: DATABASE_URL: .*ECONNREFUSED/)],
  })
  expect(refused.errors.join()).not.toContain("hunter2")
  expect((await run(["doctor"], {})).exitCode).toBe(1)
  expect((await run(["doctor", "--now"], {})).errors.join()).toMatch(/^usage/)
})
