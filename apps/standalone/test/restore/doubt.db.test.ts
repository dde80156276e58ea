import { mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises"
import { join } from "node:path"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { explainStartFailure } from "../../src/start/explainStartFailure.ts"
import { newSecret, registerWithKey, rest } from "../testServer.ts"
import { createRestorable } from "./restorable.ts"

const serverUrl = inject("postgresUrl")
const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status

/** A database with a log of three revocations, and a backup from before the last two. */
async function createUsed() {
  const restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const users = await Promise.all([1, 2, 3, 4].map(() => registerWithKey(first.url)))
  const revoke = async (url: string, index: number) => {
    const { id, accessToken } = users[index] as (typeof users)[number]
    expect((await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)
  }
  await revoke(first.url, 0)
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const second = await restorable.start()
  await revoke(second.url, 1)
  await revoke(second.url, 2)
  await second[Symbol.asyncDispose]()
  const statuses = (url: string) => Promise.all(users.map((user) => keyStatus(url, user)))
  return { ...restorable, users, backup, statuses }
}

const failureOf = async (start: () => Promise<AsyncDisposable>) => {
  try {
    await (await start())[Symbol.asyncDispose]()
  } catch (error) {
    return explainStartFailure(error)
  }
  return "it has started"
}

test("a log without its end, or with a changed line, refuses to serve until AFTER_RESTORE", async () => {
  await using used = await createUsed()
  const lines = await used.readLines()
  const at = lines.findIndex((line) => line.includes(used.users[1]?.id ?? "?"))
  const changed = lines.map((line, index) =>
    index === at ? line.replace('"revokedAt":"2', '"revokedAt":"1') : line,
  )
  for (const [damaged, reason] of [
    [lines.slice(0, 1), /missing at its end/],
    [changed, /the changes \d+ to \d+ are missing, and 1 lines are torn, changed/],
    [[], /it is not there/],
  ] as const) {
    await used.writeLines(damaged)
    for (const DATABASE_URL of [used.backup, used.variables.DATABASE_URL]) {
      expect(await failureOf(() => used.start({ DATABASE_URL }))).toMatch(reason)
    }
  }
  expect(await failureOf(() => used.start())).toMatch(
    /^RESTORE_LOG: the restore log .*latchkey restore-check$/,
  )

  await used.writeLines(changed)
  expect(
    await failureOf(() => used.start({ DATABASE_URL: used.backup, AFTER_RESTORE: "2026-01-01T00:00:00Z" })),
  ).toMatch(/AFTER_RESTORE: expected the time of the backup, or a later one/)
  const AFTER_RESTORE = new Date().toISOString()
  const restored = await used.start({ DATABASE_URL: used.backup, AFTER_RESTORE })
  expect(await used.statuses(restored.url)).toEqual([401, 401, 401, 401])
  const [list] = (await readdir(used.folder)).filter((name) => name.startsWith("refused-"))
  const refused = JSON.parse(await readFile(join(used.folder, list ?? ""), "utf8"))
  // The log still has the last revocation.
  expect(refused.keys.sort()).toEqual([used.users[1]?.id, used.users[3]?.id].sort())
  expect(refused.owners.sort()).toEqual(used.users.map(({ user }) => user.id).sort())
  await restored[Symbol.asyncDispose]()

  // What somebody has enabled stays so.
  const sql = connect(used.backup)
  await sql`update owners set disabled_at = null`
  await sql`update api_keys set disabled_at = null, checks = '{}' where id = ${used.users[3]?.id ?? ""}`
  await sql.end()
  await using again = await used.start({ DATABASE_URL: used.backup, AFTER_RESTORE })
  expect(again.log.join("")).toContain("AFTER_RESTORE has no effect")
  expect(await used.statuses(again.url)).toEqual([401, 401, 401, 200])
})

test("another deployment's log, another secret, and no log at all are refused", async () => {
  await using used = await createUsed()
  await using other = await createRestorable(serverUrl)
  const { AUTH_SECRET, RESTORE_LOG } = used.variables
  const foreign = await other.start({ AUTH_SECRET })
  await foreign[Symbol.asyncDispose]()
  // As after a crash at the first start, when the log has begun and the database does not know.
  await using third = await createRestorable(serverUrl)
  expect(await failureOf(() => third.start({ AUTH_SECRET, RESTORE_LOG: other.folder }))).toBe(
    "it has started",
  )

  const AFTER_RESTORE = new Date().toISOString()
  expect(await failureOf(() => other.start({ AUTH_SECRET, RESTORE_LOG, AFTER_RESTORE }))).toMatch(
    /all its lines are another deployment's; name another place$/,
  )
  expect(await failureOf(() => used.start({ AUTH_SECRET: newSecret() }))).toMatch(/AUTH_SECRET_PREVIOUS/)
  expect(await failureOf(() => used.start({ RESTORE_LOG: "" }))).toMatch(
    /^RESTORE_LOG: this database keeps a restore log/,
  )
  await mkdir(join(used.folder, "file.ndjson"))
  expect(await failureOf(() => used.start())).toMatch(/^RESTORE_LOG: expected a folder .*EISDIR/)
  await rmdir(join(used.folder, "file.ndjson"))
})

test("a backup from before the log is in doubt", async () => {
  await using used = await createUsed()
  const sql = connect(used.backup)
  await sql`update authority set deployment_id = null, logged_to = 0, position = 0`
  await sql`delete from authority_changes`
  await sql.end()
  const restored = { DATABASE_URL: used.backup }
  expect(await failureOf(() => used.start(restored))).toMatch(/this database has kept none/)

  await using server = await used.start({ ...restored, AFTER_RESTORE: new Date().toISOString() })
  expect(await used.statuses(server.url)).toEqual([401, 401, 401, 401])
})

test("when the secret changes, the log is signed with the new one", async () => {
  await using used = await createUsed()
  const AUTH_SECRET = newSecret()
  const both = await used.start({ AUTH_SECRET, AUTH_SECRET_PREVIOUS: used.variables.AUTH_SECRET })
  await both[Symbol.asyncDispose]()
  const files = (await readdir(used.folder)).sort()
  for (const name of files.slice(0, -1)) await rm(join(used.folder, name))

  await using restored = await used.start({ AUTH_SECRET, DATABASE_URL: used.backup })
  expect(restored.log.join("")).toContain("2 keys revoked")
  expect(await used.statuses(restored.url)).toEqual([401, 401, 401, 200])
})
