import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, startArchiving } from "@latchkey/test-postgres"
import { expect, onTestFinished, test } from "vitest"
import { newSecret, registerWithKey, rest, startTestServer } from "../testServer.ts"

test("a recovery to a time between two revocations: the database has the first, and the log the second", async () => {
  await using archiving = await startArchiving()
  const folder = await mkdtemp(join(tmpdir(), "latchkey-restore-log-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const variables = { AUTH_SECRET: newSecret(), RESTORE_LOG: folder }
  const first = await startTestServer({ ...variables, DATABASE_URL: archiving.postgres.url })
  const users = await Promise.all([1, 2, 3].map(() => registerWithKey(first.url)))
  await archiving.backUp()
  const revoke = async (index: number) => {
    const { id, accessToken } = users[index] as (typeof users)[number]
    expect((await rest(first.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)
  }
  await revoke(0)
  const sql = connect(archiving.postgres.url)
  const [clock] = await sql`select clock_timestamp()::text as time`
  await sql.end()
  await revoke(1)
  await first[Symbol.asyncDispose]()
  await archiving.stop()

  await using recovered = await archiving.recover(clock?.time)
  const direct = connect(recovered.url)
  const revoked = await direct`select id from latchkey.api_keys where revoked_at is not null`
  expect(revoked.map(({ id }) => id)).toEqual([users[0]?.id])
  await direct.end()
  await using restored = await startTestServer({ ...variables, DATABASE_URL: recovered.url })
  expect(restored.log.join("")).toContain("applied: 1 keys revoked")
  const statuses = users.map(
    async ({ apiKey }) => (await rest(restored.url, "GET", "/auth/me", { apiKey })).status,
  )
  expect(await Promise.all(statuses)).toEqual([401, 401, 200])
})
