import { cp, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { createDatabase } from "@latchkey/db"
import { type OpenTestDatabase, openTestDatabase, storeUser } from "@latchkey/db/test"
import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newEmbedded, newMigratedEmbedded } from "../../../db/test/newEmbedded.ts"
import { captureCommand } from "../../test/captureCommand.ts"

let database: OpenTestDatabase
let sql: Sql
beforeAll(async () => {
  database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  sql = connect(database.url)
})
afterAll(async () => {
  await sql.end()
  await database[Symbol.asyncDispose]()
})

const run = (args: string[], variables: NodeJS.ProcessEnv = { DATABASE_URL: database.url }) =>
  captureCommand(args, variables)

test("reset-password prints a link that works once, even for an administrator, and records it in the trail", async () => {
  const { user } = await storeUser(database.db)
  await sql`update owners set role = 'admin' where id = ${user.id}`
  const variables = { DATABASE_URL: database.url, PUBLIC_URL: "https://keys.company.tld/" }
  const { exitCode, printed, errors } = await run(["reset-password", user.email.toUpperCase()], variables)
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] })
  expect(printed[0]).toMatch(/^https:\/\/keys\.company\.tld\/reset-password#token=[\w-]{43}$/)
  const [event] = await sql`select kind, via, address from audit_events where owner_id = ${user.id}
    order by created_at desc limit 1`
  expect(event).toEqual({ kind: "passwordResetRequested", via: "server", address: null })
  const rows = JSON.stringify(await sql`select * from account_tokens`)
  expect(rows).not.toContain(printed[0]?.split("=")[1])

  const without = await run(["reset-password", user.email])
  expect(without.printed[0]).toMatch(/^\/reset-password#token=/)
  expect(without.printed[2]).toContain("PUBLIC_URL is not set")
})

test("reset-second-factor removes it and ends the sessions", async () => {
  const { user } = await storeUser(database.db)
  await sql`insert into second_factors (user_id, sealed_secret, secret_id, enabled_at)
    values (${user.id}, '\\x00', 'x', now())`
  expect(await run(["reset-second-factor", user.email])).toMatchObject({ exitCode: 0, errors: [] })
  expect(await sql`select from second_factors where user_id = ${user.id}`).toHaveLength(0)
  expect(await sql`select from sessions where user_id = ${user.id} and ended_at is null`).toHaveLength(0)
})

test.each(["reset-password", "reset-second-factor"])(
  "%s fails with a line for anything else",
  async (name) => {
    expect(await run([name, "nobody@company.tld"])).toMatchObject({
      exitCode: 1,
      printed: [],
      errors: ["there is no enabled account with this email"],
    })
    for (const args of [[], ["not an email"], ["a@company.tld", "b@company.tld"]]) {
      const { exitCode, errors } = await run([name, ...args])
      expect({ exitCode, usage: errors[0]?.startsWith("usage:") }).toEqual({ exitCode: 1, usage: true })
    }
    const { user } = await storeUser(database.db)
    await sql`update owners set disabled_at = now() where id = ${user.id}`
    expect((await run([name, user.email])).exitCode).toBe(1)
    expect((await run([name, user.email], {})).errors[0]).toMatch(/^DATABASE_URL: /)
  },
)

test("the commands work on the embedded database of a stopped server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-accounts-"))
  await cp(await newMigratedEmbedded(), folder, { recursive: true })
  const handle = await createDatabase(pathToFileURL(folder).href)
  const { user } = await storeUser(handle.db)
  const variables = { DATA_DIR: folder }
  expect((await run(["reset-password", user.email], variables)).errors).toEqual([
    "DATA_DIR: a server uses this folder; stop it first",
  ])
  await handle.close()
  expect((await run(["reset-password", user.email], variables)).printed[0]).toMatch(/#token=/)
  await rm(folder, { recursive: true })
})

test("the commands find the accounts of a server with another schema in its embedded database", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-accounts-"))
  await cp(await newEmbedded(), folder, { recursive: true })
  const handle = await createDatabase(pathToFileURL(folder).href, { schema: "acme" })
  await handle.migrate()
  const { user } = await storeUser(handle.db)
  await handle.close()
  const reset = (variables: NodeJS.ProcessEnv) =>
    run(["reset-password", user.email], { DATA_DIR: folder, ...variables })
  expect((await reset({ DATABASE_SCHEMA: "acme" })).printed[0]).toMatch(/#token=/)
  expect((await reset({})).errors).toEqual([
    "DATA_DIR: the schema is not current; start and stop this version of the server first",
  ])
  await rm(folder, { recursive: true })
})

test("the commands don't create a database in a folder that no server has used", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-accounts-"))
  for (const DATA_DIR of [folder, join(folder, "mistyped")]) {
    expect((await run(["reset-password", "ada@company.tld"], { DATA_DIR })).errors).toEqual([
      "DATA_DIR: expected the folder of a server that has run with it",
    ])
  }
  expect(await readdir(folder)).toEqual([])
  await rm(folder, { recursive: true })
})
