import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  catchUp,
  connect,
  createTcpProxy,
  eventually,
  startPostgres,
  startStandby,
  type TestPostgres,
} from "@latchkey/test-postgres"
import { expect, onTestFinished, test } from "vitest"
import { newSecret, registerWithKey, rest, startTestServer } from "../testServer.ts"

const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status

async function run({ url }: Pick<TestPostgres, "url">, text: string, parameters: string[] = []) {
  const sql = connect(url)
  await sql.unsafe(text, parameters)
  await sql.end()
}

test("after a failover, the log keeps apart what the old and the new primary have counted alike", async () => {
  await using primary = await startPostgres(["wal_keep_size=64MB"])
  await using stream = await createTcpProxy(new URL(primary.url))
  await using standby = await startStandby({ ...primary, url: stream.url })
  await using backup = await startStandby(primary)
  await using proxy = await createTcpProxy(new URL(primary.url))
  const folder = await mkdtemp(join(tmpdir(), "latchkey-restore-log-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const variables = { AUTH_SECRET: newSecret(), RESTORE_LOG: folder }
  const old = await startTestServer({ ...variables, DATABASE_URL: primary.url })
  const moving = await startTestServer({ ...variables, DATABASE_URL: proxy.url })
  const users = []
  for (let n = 0; n < 5; n++) users.push(await registerWithKey(old.url))
  const [lost, onBoth, stale, byHand, kept] = users
  if (!lost || !onBoth || !stale || !byHand || !kept) throw new Error("missing")
  const revoke = (url: string, { id }: typeof lost, accessToken: string) =>
    rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
  await Promise.all([catchUp(primary, standby), catchUp(primary, backup)])
  await run(backup, "select pg_promote()")

  // The other instance has seen nothing of this revocation when the failover loses it.
  await Promise.all([stream.disconnect(), proxy.disconnect()])
  expect((await revoke(old.url, lost, lost.accessToken)).status).toBe(204)
  await run(standby, "select pg_promote()")
  // The new primary gives the same position to another change.
  await run(standby, "update latchkey.api_keys set label = 'renamed' where id = $1", [byHand.id])
  proxy.redirect(new URL(standby.url))
  await proxy.reconnect()
  await eventually(async () => expect(await keyStatus(moving.url, lost)).toBe(401))

  const { email, password } = onBoth
  const signIn = await eventually(async () => {
    const answer = await rest(moving.url, "POST", "/auth/login", { body: { email, password } })
    expect(answer.status).toBe(200)
    return answer
  })
  expect((await revoke(moving.url, onBoth, signIn.body.accessToken)).status).toBe(204)
  // The old primary is cut off from its standby alone, and so is the instance that still uses it.
  for (const label of ["1", "2", "3", "4", "5", "6"]) {
    const { status } = await rest(old.url, "PATCH", `/auth/apikeys/${onBoth.id}`, {
      ...{ accessToken: onBoth.accessToken, body: { label } },
    })
    expect(status).toBe(200)
  }
  expect((await revoke(old.url, stale, stale.accessToken)).status).toBe(204)
  await Promise.all([old, moving].map((server) => server[Symbol.asyncDispose]()))

  {
    await using next = await startTestServer({ ...variables, DATABASE_URL: standby.url })
    expect(next.log.join("")).toContain("applied: 1 keys revoked")
    const statuses = users.map((user) => keyStatus(next.url, user))
    expect(await Promise.all(statuses)).toEqual([401, 401, 401, 200, 200])
  }
  // What has been taken over once is not applied again.
  {
    await using again = await startTestServer({ ...variables, DATABASE_URL: standby.url })
    expect(again.log.join("")).not.toContain("applied:")
  }
  await using restored = await startTestServer({ ...variables, DATABASE_URL: backup.url })
  const statuses = users.map((user) => keyStatus(restored.url, user))
  expect(await Promise.all(statuses)).toEqual([401, 401, 401, 200, 200])
})
