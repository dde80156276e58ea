import { readFileSync } from "node:fs"
import { type OpenTestDatabase, openTestDatabase, storeApiKey, storeUser } from "@latchkey/db/test"
import { codeBlock, connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newApiKey } from "../../../db/test/openTestDatabase.ts"
import { captureCommand } from "../../test/captureCommand.ts"
import { commands } from "./runCommand.ts"

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

const eventsOf = (ownerId: string) =>
  sql`select kind, via, actor from audit_trail where owner_id = ${ownerId} and kind <> 'registered' order by created_at`

const isDisabled = async (id: string) =>
  (await sql`select disabled_at from owners where id = ${id}`)[0]?.disabled_at !== null

test("users disable ends the sessions and records the command line in the trail; enable makes the keys valid again", async () => {
  const { user } = await storeUser(database.db)
  expect(await run(["users", "disable", user.email.toUpperCase()])).toMatchObject({
    exitCode: 0,
    printed: ["the user is disabled"],
    errors: [],
  })
  expect(await isDisabled(user.id)).toBe(true)
  expect(await sql`select from sessions where user_id = ${user.id} and ended_at is null`).toHaveLength(0)
  // Once more: nothing to do.
  expect((await run(["users", "disable", user.email, "--json"])).json()).toEqual({
    id: user.id,
    disabled: true,
  })
  expect((await run(["users", "enable", user.email, "--json"])).json()).toEqual({
    id: user.id,
    enabled: true,
  })
  expect(await isDisabled(user.id)).toBe(false)
  expect(await eventsOf(user.id)).toEqual([
    { kind: "userDisabled", via: "server", actor: "command line" },
    { kind: "userEnabled", via: "server", actor: "command line" },
  ])
})

test("a user of an issuer can be disabled before they are first seen", async () => {
  const disabled = await run(["users", "disable", "org_42", "--issuer", "host", "--json"])
  const { id } = disabled.json()
  expect(await isDisabled(id)).toBe(true)
  expect(await sql`select issuer, subject from owners where id = ${id}`).toEqual([
    { issuer: "host", subject: "org_42" },
  ])
  for (const args of [["nobody@company.tld"], ["not an email"], ["a", "--issuer", "latchkey"]]) {
    expect((await run(["users", "disable", ...args])).exitCode).toBe(1)
  }
})

test("a label can give a terminal no commands, and does not change how the rest of a line is displayed", async () => {
  const user = await storeUser(database.db)
  const label = "a\u001b]0;title\u0007\u009b2J\u202ehtruof"
  const { id } = await storeApiKey(database.db, user, { apiKey: newApiKey({ label: "terminal" }) })
  // Older versions may have stored one that is refused now.
  await sql`update api_keys set label = ${label} where id = ${id}`
  const preview = ["keys", "revoke-where", "--label-contains", "htruof", "--preview"]
  const { printed } = await run(preview)
  expect(printed.join("\n")).toContain("a\ufffd]0;title\ufffd\ufffd2J\ufffdhtruof")
  const { printed: lines, json } = await run([...preview, "--json"])
  expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
  expect(json().sample).toMatchObject([{ label }])
})

test("keys revoke-where shows a preview, confirms it once, and does not revoke keys created since", async () => {
  const user = await storeUser(database.db)
  const matching = await Promise.all(
    [1, 2, 3].map((n) => storeApiKey(database.db, user, { apiKey: newApiKey({ label: `old deploy ${n}` }) })),
  )
  const other = await storeApiKey(database.db, user)
  const where = ["--label-contains", "OLD deploy"]
  const isRevoked = async (id: string) =>
    (await sql`select revoked_at from api_keys where id = ${id}`)[0]?.revoked_at !== null

  const preview = await run(["keys", "revoke-where", ...where, "--preview"])
  expect(preview).toMatchObject({ exitCode: 0, errors: [] })
  expect(preview.printed[0]).toBe("would revoke 3 keys, such as:")
  expect(preview.printed.join("\n")).toContain(user.user.email)
  const { count, confirm, sample } = (
    await run(["keys", "revoke-where", ...where, "--preview", "--json"])
  ).json()
  expect({ count, sample: sample.length }).toEqual({ count: 3, sample: 3 })
  expect(await isRevoked(matching[0]?.id ?? "")).toBe(false)

  const later = await storeApiKey(database.db, user, {
    apiKey: newApiKey({ label: "old deploy, made since" }),
  })
  expect(
    await run(["keys", "revoke-where", "--label-contains", "other", "--confirm", confirm]),
  ).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^--confirm: /)],
  })
  for (const _ of ["first", "again"]) {
    const confirmed = await run(["keys", "revoke-where", ...where, "--confirm", confirm, "--json"])
    expect(confirmed.json()).toEqual({ revoked: 3, finished: true })
  }
  expect(await Promise.all([...matching, other, later].map(({ id }) => isRevoked(id)))).toEqual([
    ...[true, true, true],
    ...[false, false],
  ])
  const events = (await eventsOf(user.userId)).filter(({ kind }) => kind === "apiKeyRevoked")
  expect(events).toEqual(Array(3).fill({ kind: "apiKeyRevoked", via: "server", actor: "command line" }))
})

test("keys revoke-where refuses nonsensical arguments", async () => {
  const call = (...args: string[]) => run(["keys", "revoke-where", ...args])
  expect((await call("--preview")).errors).toEqual(["the revocation must have at least one condition"])
  expect((await call("--scope", "a")).errors[0]).toMatch(/^usage: latchkey keys revoke-where/)
  expect((await call("--scope", "a", "--preview", "--confirm", "x")).errors[0]).toMatch(/^usage/)
  expect((await call("--created-before", "yesterday", "--preview")).errors[0]).toMatch(/^--created-before: /)
})

test("the other commands record the command line in the trail too", async () => {
  const { user } = await storeUser(database.db)
  await sql`insert into second_factors (user_id, sealed_secret, secret_id, enabled_at) values (${user.id}, '\\x00', 'x', now())`
  const reset = await run(["reset-password", user.email, "--json"])
  expect(reset.json()).toEqual({ link: expect.stringContaining("#token="), expiresAt: expect.any(String) })
  expect((await run(["reset-second-factor", user.email, "--json"])).json()).toEqual({ secondFactor: false })
  expect(await eventsOf(user.id)).toEqual([
    { kind: "passwordResetRequested", via: "server", actor: "command line" },
    { kind: "secondFactorDisabled", via: "server", actor: "command line" },
  ])
})

test.each(Object.keys(commands))(
  "%s has a help text, and reports failures as JSON if asked to",
  async (name) => {
    const words = name.split(" ")
    const help = await run([...words, "--help"])
    expect(help).toMatchObject({ exitCode: 0, errors: [] })
    expect(help.printed[0]).toMatch(new RegExp(`^usage: latchkey ${name}.* \\[--json\\]$`))
    expect(help.printed.join("\n")).toMatch(/--json .*\n.*--help .*\n\nexit codes: 0 done; 1 failed/)
    expect((await run([...words, "--unknown"])).errors).toEqual([expect.stringMatching(/^usage: latchkey /)])

    const operands: Record<string, string[]> = {
      import: [new URL(import.meta.url).pathname],
      "users disable": ["a@company.tld"],
      "users enable": ["a@company.tld"],
      "keys revoke-where": ["--scope", "a", "--preview"],
      "reset-password": ["a@company.tld"],
      "reset-second-factor": ["a@company.tld"],
    }
    const failed = await run([...words, ...(operands[name] ?? []), "--json"], {
      DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/d",
    })
    expect(failed.exitCode).toBe(1)
    expect(failed.json()).toMatchObject(
      name === "doctor" ? { checks: expect.anything() } : { error: expect.any(String) },
    )
    expect([...failed.printed, ...failed.errors].join()).not.toContain("hunter2")
  },
)

test("without a command, the overview names all of them", async () => {
  expect(await run([])).toMatchObject({ exitCode: 1, printed: [] })
  const { exitCode, printed } = await run(["--help"])
  expect(exitCode).toBe(0)
  for (const name of Object.keys(commands)) expect(printed.join("\n")).toContain(`  ${name} `)
})

test("the commands of docs/command-line.md work, and the page names every command", async () => {
  const page = readFileSync(new URL("../../../../docs/command-line.md", import.meta.url), "utf8")
  for (const name of Object.keys(commands)) expect(page).toContain(`| \`${name}`)
  const ada = await storeUser(database.db)
  await sql`update owners set email = 'ada@company.tld' where id = ${ada.user.id}`
  const block = codeBlock("docs/command-line.md", "sh", "The command line")
  const lines = block.trim().split("\n")
  expect(lines).toHaveLength(2)
  for (const line of lines) {
    const [npx, option, latchkey, ...args] = line.split(" ")
    expect([npx, option, latchkey]).toEqual(["npx", "--no-install", "latchkey"])
    expect(await run(args), line).toMatchObject({ exitCode: 0, errors: [] })
  }
  expect(await isDisabled(ada.user.id)).toBe(true)
})
