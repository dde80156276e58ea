import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { link, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  codeBlock,
  codeBlocks,
  connect,
  createTestDatabase,
  type Sql,
  type TestDatabase,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { lineOf, newForeignKey } from "../../../auth/test/importLines.ts"
import { captureCommand } from "../../test/captureCommand.ts"
import { startLatchkey } from "../../test/startLatchkey.ts"

let database: TestDatabase
let server: Awaited<ReturnType<typeof startLatchkey>>
let sql: Sql
let folder: string

beforeAll(async () => {
  server = await startLatchkey(inject("postgresUrl"), {
    importedKeyPrefixes: ["sk_live_", "acme_"],
    scopes: ["reports:read"] as never,
  })
  database = server.database
  await server.latchkey.migrate()
  sql = connect(database.url)
  folder = await mkdtemp(join(tmpdir(), "latchkey-import-"))
})

afterAll(async () => {
  await sql?.end()
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function run(args: string[], variables: NodeJS.ProcessEnv = { DATABASE_URL: database.url }) {
  const { printed, ...captured } = await captureCommand(["import", ...args], variables)
  return { ...captured, output: printed.join("\n") }
}

async function fileOf(lines: readonly unknown[]) {
  const file = join(folder, `${randomBytes(8).toString("hex")}.ndjson`)
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)))
  await writeFile(file, `${texts.join("\n")}\n`)
  return file
}

const verdictOf = async (key: string) => {
  const verdict = await server.latchkey.authenticate({ "x-api-key": key })
  return verdict.ok ? verdict.caller.subject : verdict.status
}

test("a dry run stores nothing and reports the same as the import; a second import has no effect", async () => {
  const keys = [newForeignKey(), newForeignKey()]
  const lines = await Promise.all(keys.map((key, index) => lineOf(key, { subject: `org_${index}` })))
  const file = await fileOf([...lines, { ...lines[0], keyLength: 80 }, "no JSON", ""])
  const counts = { lines: 5, imported: 2, present: 0, revoked: 0, refused: 2 }

  const trial = await run([file, "--dry-run", "--json"])
  expect([trial.exitCode, JSON.parse(trial.output)]).toEqual([2, { dryRun: true, ...counts }])
  expect(await verdictOf(keys[0] ?? "")).toBe(401)

  const report = join(folder, "refused.ndjson")
  const imported = await run([file, "--json", "--report", report])
  expect([imported.exitCode, JSON.parse(imported.output)]).toEqual([2, { dryRun: false, ...counts }])
  expect(imported.shown.join()).toMatch(/\[#{30}\] 100 % 5 lines/)
  expect(await Promise.all(keys.map(verdictOf))).toEqual(["org_0", "org_1"])
  const refused = (await readFile(report, "utf8")).trimEnd().split("\n")
  expect(refused.map((line) => JSON.parse(line))).toEqual(
    [
      { line: 4, reason: "expected a line of JSON, with each name once" },
      { line: 3, reason: expect.stringMatching(/^keyLength: bcrypt ignores/) },
    ].sort((a, b) => a.line - b.line),
  )

  const again = await run([file])
  expect(again).toMatchObject({
    exitCode: 2,
    output: "imported 0 of 5 lines; here already: 2; revoked here, and left so: 0; refused: 2",
    errors: [
      expect.stringMatching(/^line 3: keyLength: /),
      "line 4: expected a line of JSON, with each name once",
    ],
  })
  expect(JSON.stringify([trial, imported, again, refused])).not.toMatch(/\$2b\$|sk_live_/)
})

test("a line that has a field twice is refused, as another reader may take the other one", async () => {
  const key = newForeignKey()
  const line = JSON.stringify(await lineOf(key, { subject: "org_1", disabled: true }))
  const imported = await run([await fileOf([`${line.slice(0, -1)},"disabled":false}`])])
  expect(imported).toMatchObject({
    exitCode: 2,
    errors: ["line 1: expected a line of JSON, with each name once"],
  })
  expect(await verdictOf(key)).toBe(401)
})

test("the line and the commands of docs/migrating.md work", async () => {
  const file = await fileOf([codeBlock("docs/migrating.md", "json", "Import hashes").trim()])
  for (const command of codeBlocks("docs/migrating.md", "sh", "Import hashes")) {
    const args = command
      .trim()
      .replace("npx --no-install latchkey import ", "")
      .replace("keys.ndjson", file)
      .replace("refused.ndjson", join(folder, "none.ndjson"))
    expect(await run(args.split(" "))).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/import(ed)? 1 of 1 lines/),
    })
  }
})

test("only the first refused lines are printed", async () => {
  const { errors } = await run([await fileOf(Array.from({ length: 30 }, () => "{}"))])
  expect(errors).toHaveLength(21)
  expect(errors.at(-1)).toBe("and 10 more; --report <file> has them all")
})

test("scopes are checked if SCOPES is set, and owners belong to the given issuer", async () => {
  const key = newForeignKey()
  const file = await fileOf([await lineOf(key, { subject: "idp_1", scopes: ["reports:raed"] })])
  const variables = { DATABASE_URL: database.url, SCOPES: "reports:read" }
  expect(await run([file], variables)).toMatchObject({
    exitCode: 2,
    errors: ["line 1: scopes: expected those in SCOPES"],
  })
  expect(await run([file, "--issuer", "https://login.example.com"])).toMatchObject({ exitCode: 0 })
  const [owner] = await sql`select issuer from latchkey.owners where subject = 'idp_1'`
  expect(owner).toEqual({ issuer: "https://login.example.com" })
})

test("rows of Better Auth's table, exported as documented, are accepted with the keys of their owners", async () => {
  const keys = ["A", "B"].map((letter) => `acme_${letter.repeat(4)}${randomBytes(30).toString("hex")}`)
  await sql`create table apikey (id text, name text, start text, prefix text, key text, "referenceId" text,
    enabled boolean, "rateLimitEnabled" boolean, "rateLimitTimeWindow" int, "rateLimitMax" int, remaining int,
    "lastRequest" timestamptz, "expiresAt" timestamptz, "createdAt" timestamptz, permissions text, metadata text)`
  for (const [index, key] of keys.entries()) {
    const hash = createHash("sha256").update(key).digest("base64url")
    await sql`insert into apikey values (${`id_${index}`}, 'old', ${key.slice(0, 6)}, 'acme_', ${hash}, ${`user_${index}`},
      true, false, null, null, null, null, null, now(), '{"reports":["read"]}', null)`
  }
  const [, statement = ""] =
    /\\copy \((.*)\) to/.exec(codeBlock("docs/migrating.md", "sh", "From Better Auth")) ?? []
  const rows = await sql.unsafe(statement)
  const file = await fileOf(rows.map((row) => Object.values(row)[0]))
  expect(await run([file, "--format", "better-auth"])).toMatchObject({ exitCode: 0 })
  expect(await Promise.all(keys.map(verdictOf))).toEqual(["user_0", "user_1"])
})

test("an import that can't start says why", async () => {
  const file = await fileOf([])
  expect(await run([join(folder, "none")])).toMatchObject({
    exitCode: 1,
    errors: ["expected a file that can be read"],
  })
  expect(await run([folder])).toMatchObject({ exitCode: 1, errors: ["expected a file that can be read"] })
  expect(await run([file, "--report", folder])).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^--report/)],
  })
  expect(await run([file], {})).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^DATABASE_URL: expected/), expect.anything()],
  })
  expect(await run([file, "--format", "csv"])).toMatchObject({ errors: [expect.stringMatching(/^--format/)] })
  expect(await run([file, "--length", "9"])).toMatchObject({ errors: [expect.stringMatching(/^--length/)] })
  expect(await run([file, "--issuer", "latchkey"])).toMatchObject({
    errors: [expect.stringMatching(/^--issuer/)],
  })
  expect(await run([])).toMatchObject({ exitCode: 1, errors: [expect.stringMatching(/^usage/)] })
  await using empty = await createTestDatabase(inject("postgresUrl"))
  expect(await run([file], { DATABASE_URL: empty.url })).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/latchkey migrate/), expect.anything()],
  })
})

test.each(["the same name", "a symbolic link", "a hard link"])(
  "a report is not written over the file that is imported, by %s",
  async (name) => {
    const file = await fileOf([{ subject: "org_1" }])
    const report = name === "the same name" ? file : `${file}.report`
    if (name === "a symbolic link") await symlink(file, report)
    if (name === "a hard link") await link(file, report)
    const content = await readFile(file, "utf8")

    const { exitCode, errors } = await run([file, "--report", report])
    expect([exitCode, errors]).toEqual([1, ["--report: expected another file than the one that is imported"]])
    expect(await readFile(file, "utf8")).toBe(content)
  },
)

test("a named pipe is refused without waiting for a writer, and a file that can't be read is not blamed on the database", async () => {
  const pipe = join(folder, "pipe")
  execFileSync("mkfifo", [pipe])
  expect((await run([pipe])).errors).toEqual(["expected a file that can be read"])
  // Reading its beginning fails.
  expect((await run(["/proc/self/mem"])).errors[0]).toBe("the file can't be read to its end (EIO)")
})

test("a report replaces an earlier one", async () => {
  const report = join(folder, "replaced.ndjson")
  await writeFile(report, "earlier\n".repeat(100))
  await run([await fileOf([{ subject: "org_1" }]), "--report", report])
  expect((await readFile(report, "utf8")).split("\n")).toEqual([expect.stringContaining('"line":1'), ""])
})

test.runIf(process.platform === "linux")(
  "a report on a full disk ends no import, and is said to be incomplete",
  async () => {
    const lines = [await lineOf(newForeignKey()), { subject: "org_1" }]
    const { exitCode, output, errors } = await run([await fileOf(lines), "--report", "/dev/full"])
    expect([exitCode, errors]).toEqual([2, ["--report: not all refused lines could be written"]])
    expect(output).toContain("imported 1 of 2 lines")
  },
)

test("a hash by both of its names in bcrypt is one key", async () => {
  const key = newForeignKey()
  const line = await lineOf(key)
  const spelled = (version: string, more: object = {}) => ({
    ...line,
    keyHash: line.keyHash.replace(/^\$2[aby]\$/, () => `$2${version}$`),
    ...more,
  })
  const first = await run([await fileOf([spelled("a"), spelled("b", { id: "other" })]), "--json"])
  expect(JSON.parse(first.output)).toMatchObject({ imported: 1, refused: 1 })
  const again = await run([await fileOf([spelled("a"), spelled("b"), spelled("y", { id: "y" })]), "--json"])
  expect(JSON.parse(again.output)).toMatchObject({ imported: 0, present: 1, refused: 2 })
  const trial = await run([await fileOf([spelled("b", { id: "z" })]), "--json", "--dry-run"])
  expect(JSON.parse(trial.output)).toMatchObject({ imported: 0, refused: 1 })
})
