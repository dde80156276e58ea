import { codeBlock, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { captureCommand } from "../../test/captureCommand.ts"

test("doctor warns of pending migrations, and no longer warns after them", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const variables = { DATABASE_URL: server.url }
  const before = await captureCommand(["doctor"], variables)
  expect(before.exitCode).toBe(2)
  expect(before.printed).toContainEqual(
    expect.stringMatching(/^warning {2}the schema is current: \d+ migrations are pending/),
  )

  await captureCommand(["migrate"], variables)
  const command = codeBlock("docs/engines.md", "sh", "Other engines than PostgreSQL")
  expect(command).toBe("DATABASE_URL=postgres://… npx --no-install latchkey doctor --database\n")
  const after = await captureCommand(["doctor", "--database", "--json"], variables)
  expect(after).toMatchObject({ exitCode: 0, errors: [] })
  const { checks } = JSON.parse(after.printed.join(""))
  expect(checks.length).toBeGreaterThan(12)
  expect(new Set(checks.map(({ result }: { result: string }) => result))).toEqual(new Set(["ok"]))
})

test("doctor says why the database can't be used, without the password", async () => {
  const refused = await captureCommand(["doctor"], { DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/d" })
  expect(refused).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^failed {3}the database can be used: DATABASE_URL: .*ECONNREFUSED/)],
  })
  expect(refused.errors.join()).not.toContain("hunter2")
  expect((await captureCommand(["doctor"], {})).exitCode).toBe(1)
  expect((await captureCommand(["doctor", "--now"], {})).errors.join()).toMatch(/^usage/)
})
