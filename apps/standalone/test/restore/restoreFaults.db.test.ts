import { readdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { connect, eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { canMountTmpfs, mountTmpfs } from "../faults/tmpfs.ts"
import { newSecret, registerWithKey, rest } from "../testServer.ts"
import { createRestorable } from "./restorable.ts"

const serverUrl = inject("postgresUrl")
const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status
const revoke = (url: string, { id, accessToken }: { id: string; accessToken: string }) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

test("while the log can't be written, revocations are 503 with begun, and verdicts go on", async () => {
  await using restorable = await createRestorable(serverUrl)
  await using server = await restorable.start()
  const [one, two] = [await registerWithKey(server.url), await registerWithKey(server.url)]
  await restorable.block()

  // The process has no file open that it could still write to.
  expect(await revoke(server.url, one)).toMatchObject({ status: 503, body: { begun: true } })
  expect([await keyStatus(server.url, one), await keyStatus(server.url, two)]).toEqual([401, 200])
  expect(await revoke(server.url, one)).toMatchObject({ status: 503, body: { begun: true } })
  expect(server.log.join("")).toContain("the restore log can't be written")
  // A refresh would use up the token without answering its successor.
  const refresh = () =>
    rest(server.url, "POST", "/auth/refresh", { body: { refreshToken: one.refreshToken } })
  const refused = await refresh()
  expect([refused.status, refused.body.begun]).toEqual([503, undefined])

  await restorable.unblock()
  await eventually(async () => expect((await refresh()).status).toBe(200))
  expect(await revoke(server.url, one)).toMatchObject({ status: 404 })
  expect((await restorable.readLines()).join("\n")).toContain(one.id)
})

test("two instances: the log has what either has answered, once and without a gap", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const users = []
  for (let n = 0; n < 20; n++) users.push(await registerWithKey(first.url))
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const servers = await Promise.all([restorable.start(), restorable.start()])
  const [, ...revoked] = users
  const answers = await Promise.all(revoked.map((user, index) => revoke(servers[index % 2]?.url ?? "", user)))
  expect(answers.every(({ status }) => status === 204)).toBe(true)
  const answered = (await restorable.readLines()).join("\n")
  expect(revoked.filter(({ id }) => !answered.includes(id))).toEqual([])
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))

  const restored = await Promise.all([1, 2].map(() => restorable.start({ DATABASE_URL: backup })))
  // The first one to start has applied it.
  expect(restored.flatMap(({ log }) => log).filter((line) => line.includes("applied:"))).toHaveLength(1)
  for (const { url } of restored) {
    const statuses = await Promise.all(users.map((user) => keyStatus(url, user)))
    expect(statuses).toEqual([200, ...revoked.map(() => 401)])
  }
  await Promise.all(restored.map((server) => server[Symbol.asyncDispose]()))
})

test("changes that were committed and not logged, by hand or before a crash, are in the log after the next start", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const user = await registerWithKey(first.url)
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const sql = connect(restorable.variables.DATABASE_URL)
  await sql`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${user.id}`
  await sql.end()
  const second = await restorable.start()
  await eventually(async () => expect((await restorable.readLines()).join("\n")).toContain(user.id))
  await second[Symbol.asyncDispose]()

  await using restored = await restorable.start({ DATABASE_URL: backup })
  expect(await keyStatus(restored.url, user)).toBe(401)
})

test("changes by hand in a restored database, before its first start, don't hide the restore", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const [one, two] = [await registerWithKey(first.url), await registerWithKey(first.url)]
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const second = await restorable.start()
  expect((await revoke(second.url, one)).status).toBe(204)
  await second[Symbol.asyncDispose]()
  const sql = connect(backup)
  for (const _ of [1, 2, 3]) await sql`update api_keys set label = label || 'x' where id = ${two.id}`
  await sql`update api_keys set revoked_at = now(), key_hash = null, receipt = null where id = ${two.id}`
  await sql.end()

  const restored = await restorable.start({ DATABASE_URL: backup })
  expect([await keyStatus(restored.url, one), await keyStatus(restored.url, two)]).toEqual([401, 401])
  await restored[Symbol.asyncDispose]()
  expect((await restorable.readLines()).join("\n")).toContain(two.id)
})

test("what was taken away in a restored database before its first start is not given back", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const [disabled, narrowed, other] = [
    await registerWithKey(first.url),
    await registerWithKey(first.url),
    await registerWithKey(first.url),
  ]
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const second = await restorable.start()
  const sql = connect(restorable.variables.DATABASE_URL)
  for (const time of [new Date(), null])
    await sql`update owners set disabled_at = ${time} where id in ${sql([disabled.user.id, other.user.id])}`
  await sql`update api_keys set label = 'renamed' where id = ${narrowed.id}`
  await sql.end()
  await second[Symbol.asyncDispose]()
  const restoredSql = connect(backup)
  await restoredSql`update owners set disabled_at = now() where id = ${disabled.user.id}`
  await restoredSql`update api_keys set allowed_ips = '{203.0.113.0/24}', checks = '{allowedIps}' where id = ${narrowed.id}`
  await restoredSql.end()

  await using restored = await restorable.start({ DATABASE_URL: backup })
  expect(restored.log.join("")).toContain("1 keys changed, 0 users disabled, 0 users enabled")
  expect([await keyStatus(restored.url, disabled), await keyStatus(restored.url, narrowed)]).toEqual([
    401, 401,
  ])
  expect(await keyStatus(restored.url, other)).toBe(200)
})

test("a server whose database is replaced by an older one serves nothing until it has applied the log", async () => {
  await using restorable = await createRestorable(serverUrl)
  const first = await restorable.start()
  const user = await registerWithKey(first.url)
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const server = await restorable.start()
  expect((await revoke(server.url, user)).status).toBe(204)

  const admin = connect(serverUrl)
  const [name = "", copy = ""] = [restorable.variables.DATABASE_URL, backup].map((url) =>
    new URL(url).pathname.slice(1),
  )
  const rename = (from: string, to: string) => admin.unsafe(`alter database ${from} rename to ${to}`)
  await admin.unsafe(`alter database ${name} with allow_connections false`)
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
  await rename(name, `${name}_old`)
  await rename(copy, name)
  await eventually(() => expect(server.log.join("")).toContain("applied:"))
  expect(await keyStatus(server.url, user)).toBe(401)
  await server[Symbol.asyncDispose]()
  await rename(name, copy)
  await rename(`${name}_old`, name)
  await admin.end()
})

test("while a command that keeps the log hangs, revocations are 503 with begun, and verdicts go on", async () => {
  await using restorable = await createRestorable(serverUrl)
  const [program, hang] = [join(restorable.folder, "keep"), join(restorable.folder, "hang")]
  const commands =
    'cd "$(dirname "$0")"; case $1 in list) ls ;; put) cat > "$2"; while [ -e hang ]; do sleep 0.1; done ;; get) cat "$2" ;; remove) rm -f "$2" ;; esac'
  await writeFile(program, `#!/bin/sh\n${commands}\n`, { mode: 0o700 })
  const server = await restorable.start({ RESTORE_LOG: `command:${program}` })
  const [one, two] = [await registerWithKey(server.url), await registerWithKey(server.url)]
  expect((await revoke(server.url, one)).status).toBe(204)
  await writeFile(hang, "")
  expect(await revoke(server.url, two)).toMatchObject({ status: 503, body: { begun: true } })
  expect([await keyStatus(server.url, two), server.log.join("").includes("did not answer in time")]).toEqual([
    401,
    true,
  ])
  await rm(hang)
  // It is stored twice then, and means the same.
  await eventually(async () => expect((await revoke(server.url, two)).status).toBe(404))
  await server[Symbol.asyncDispose]()
  await using again = await restorable.start({ RESTORE_LOG: `command:${program}` })
  expect(again.log.join("")).not.toContain("applied:")
})

test("changes that are deleted before the log has them are reported, and revocations are 503", async () => {
  await using restorable = await createRestorable(serverUrl)
  await using server = await restorable.start()
  const user = await registerWithKey(server.url)
  const sql = connect(restorable.variables.DATABASE_URL)
  await sql`update authority set position = position + 1, deleted_to = position + 1`
  await eventually(() =>
    expect(server.log.join("")).toContain("changes were deleted that the restore log lacks"),
  )
  await sql.end()
  expect(await revoke(server.url, user)).toMatchObject({ status: 503, body: { begun: true } })
})

test.runIf(canMountTmpfs())(
  "a full disk under the log: 503 with begun, and freeing space is enough to recover",
  async () => {
    using disk = mountTmpfs(1_000_000)
    await using restorable = await createRestorable(serverUrl)
    await using server = await restorable.start({ RESTORE_LOG: disk.folder })
    const [one, two] = [await registerWithKey(server.url), await registerWithKey(server.url)]
    expect((await revoke(server.url, one)).status).toBe(204)
    const filling = join(disk.folder, "filling")
    await expect(writeFile(filling, Buffer.alloc(2_000_000))).rejects.toThrow(/ENOSPC/)
    const answers = []
    // The last page of the file may have room for a line.
    for (let n = 0; n < 30; n++) {
      const user = await registerWithKey(server.url)
      answers.push(await revoke(server.url, user))
    }
    expect(answers.at(-1)).toMatchObject({ status: 503, body: { begun: true } })
    expect([await keyStatus(server.url, one), await keyStatus(server.url, two)]).toEqual([401, 200])
    // The filling, the first file, and at most one that is being tried now.
    expect((await readdir(disk.folder)).length).toBeLessThanOrEqual(3)
    await rm(filling)
    expect((await revoke(server.url, two)).status).toBe(204)
  },
)

test.runIf(canMountTmpfs())(
  "a disk without room for a copy of the log, which a rotated secret needs: the copy takes no room from revocations",
  async () => {
    using disk = mountTmpfs(1_000_000)
    await using restorable = await createRestorable(serverUrl)
    const first = await restorable.start({ RESTORE_LOG: disk.folder })
    const user = await registerWithKey(first.url)
    const sql = connect(restorable.variables.DATABASE_URL)
    await sql`insert into owners (id, issuer, subject)
      select gen_random_uuid(), 'host', repeat('x', 100) || number from generate_series(1, 2000) number`
    await sql`update owners set disabled_at = now() where issuer = 'host'`
    await sql.end()
    expect((await revoke(first.url, await registerWithKey(first.url))).status).toBe(204)
    await first[Symbol.asyncDispose]()

    await using second = await restorable.start({
      ...{ RESTORE_LOG: disk.folder, AUTH_SECRET: newSecret() },
      AUTH_SECRET_PREVIOUS: restorable.variables.AUTH_SECRET,
    })
    await eventually(async () => expect(second.log.join("")).toContain("ENOSPC"))
    expect((await revoke(second.url, user)).status).toBe(204)
    expect((await readdir(disk.folder)).filter((name) => name.endsWith(".new"))).toEqual([])
  },
)
