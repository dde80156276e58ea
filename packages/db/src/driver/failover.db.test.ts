import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  catchUp,
  codeBlock,
  connect,
  createTcpProxy,
  eventually,
  startPostgres,
  startStandby,
  type TestPostgres,
} from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { storeUser } from "../../test/openTestDatabase.ts"
import { createDatabase, findUserByEmail, ping } from "../index.ts"
import { causesOf } from "./causesOf.ts"

/** Starts a primary with a standby that has everything, and a pool whose URL names both. */
async function startPair() {
  const primary = await startPostgres(["wal_keep_size=64MB"])
  const standby = await startStandby(primary)
  const hosts = [primary, standby].map(({ url }) => new URL(url).host).join(",")
  const shown = codeBlock("docs/postgresql.md", "", "Failover").trim()
  const database = await createDatabase(
    shown.replace("latchkey:…@db1:5432,db2:5432/latchkey", `postgres@${hosts}/postgres`),
  )
  await database.migrate()
  return {
    ...database,
    primary,
    standby,
    async [Symbol.asyncDispose]() {
      await database.close()
      await standby[Symbol.asyncDispose]()
      await primary[Symbol.asyncDispose]()
    },
  }
}

/** Runs one statement as superuser. */
async function run({ url }: Pick<TestPostgres, "url">, statement: string) {
  const sql = connect(url)
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}

const recovers = (work: () => Promise<unknown>) => eventually(work)

test("failover: the pool continues with the promoted standby", async () => {
  await using pair = await startPair()
  const { db, primary, standby } = pair
  const { user } = await storeUser(db)
  await catchUp(primary, standby)

  await primary.stop()
  await run(standby, "select pg_promote()")

  await recovers(() => storeUser(db))
  expect(await findUserByEmail(db, { email: String(user.email) })).toMatchObject({ user })
})

test("a primary that froze and was replaced is not used again when it continues, although it is the first host", async () => {
  await using pair = await startPair()
  const { db, primary, standby } = pair
  // Several connections to the old primary.
  await Promise.all(Array.from({ length: 5 }, () => ping(db)))
  await catchUp(primary, standby)

  await primary.pause()
  await run(standby, "select pg_promote()")
  await recovers(() => storeUser(db))
  const { user } = await storeUser(db)
  primary.resume()
  await eventually(() => run(primary, "select 1"))

  // The old primary lacks the user. Connections to it may still be found dead meanwhile.
  for (let round = 0; round < 10; round++) {
    const found = await Promise.allSettled(
      Array.from({ length: 20 }, () => findUserByEmail(db, { email: String(user.email) })),
    )
    const answers = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
    expect(answers).not.toContain(null)
  }
  await recovers(async () =>
    expect(await findUserByEmail(db, { email: String(user.email) })).toMatchObject({ user }),
  )
})

test("a new connection to an earlier primary is refused, even if no other server can be reached", async () => {
  const primary = await startPostgres(["wal_keep_size=64MB"])
  const standby = await startStandby(primary)
  const proxy = await createTcpProxy(new URL(primary.url))
  const { db, migrate, close } = await createDatabase(proxy.url)
  await migrate()
  await catchUp(primary, standby)
  await run(standby, "select pg_promote()")

  await proxy.disconnect()
  proxy.redirect(new URL(standby.url))
  await proxy.reconnect()
  await recovers(() => storeUser(db))
  await proxy.disconnect()
  proxy.redirect(new URL(primary.url))
  await proxy.reconnect()

  async function isRefused() {
    const error = await ping(db).catch((error: unknown) => error)
    expect(causesOf(error).map(({ message }) => message)).toContain("this server is no longer the primary")
  }
  await recovers(isRefused)
  for (let attempt = 0; attempt < 5; attempt++) await isRefused()
  await close()
  await proxy[Symbol.asyncDispose]()
  await standby[Symbol.asyncDispose]()
  await primary[Symbol.asyncDispose]()
})

test("switchover: the standby becomes the primary, and the old primary its standby", async () => {
  await using pair = await startPair()
  const { db, primary, standby } = pair
  await storeUser(db)

  // It sends everything to the standby before it ends.
  await primary.stop()
  await run(standby, "select pg_promote()")
  const { port } = new URL(standby.url)
  await appendFile(
    join(primary.data, "postgresql.auto.conf"),
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres'\n`,
  )
  await writeFile(join(primary.data, "standby.signal"), "")
  await primary.start()

  await recovers(() => storeUser(db))
  const { user } = await storeUser(db)
  for (let read = 0; read < 20; read++)
    expect(await findUserByEmail(db, { email: String(user.email) })).not.toBeNull()
})
