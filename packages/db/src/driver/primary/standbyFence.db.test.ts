import {
  catchUp,
  createTcpProxy,
  eventually,
  runOnServer,
  runsPgBouncerTests,
  startPgBouncer,
  startPostgres,
  startStandby,
  type TestPostgres,
} from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { createDatabase, DatabaseUnavailable, findVerifiableApiKeys } from "../../index.ts"
import { causesOf } from "../causesOf.ts"

/** A URL with several servers as hosts. */
const urlOf = (...servers: Pick<TestPostgres, "url">[]) =>
  `postgres://postgres@${servers.map(({ url }) => new URL(url).host).join(",")}/postgres`

/** Starts a primary with a standby, and a key that both have. */
async function startPair() {
  const primary = await startPostgres(["wal_keep_size=64MB"])
  const standby = await startStandby(primary)
  const plain = await createDatabase(primary.url)
  await plain.migrate()
  const { lookupId } = await storeApiKey(plain.db, await storeUser(plain.db))
  await catchUp(primary, standby)
  const opened = [plain]

  async function open(fenceUrl?: string, url = primary.url) {
    const handle = fenceUrl === undefined ? plain : await createDatabase(url, { fenceUrl })
    opened.push(handle)
    return async () => (await findVerifiableApiKeys(handle.db, { lookupIds: [lookupId] })).length
  }

  return {
    primary,
    standby,
    /** How often the key is found, through connections to the primary alone. */
    findPlain: await open(),
    findFenced: await open(urlOf(primary, standby)),
    open,
    revokeOn: (server: TestPostgres) =>
      runOnServer(
        server.url,
        `update latchkey.api_keys set revoked_at = now(), key_hash = null, receipt = null
         where lookup_id = '${lookupId}'`,
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map(({ close }) => close()))
      await standby[Symbol.asyncDispose]()
      await primary[Symbol.asyncDispose]()
    },
  }
}

const refusalOf = async (read: () => Promise<number>) => {
  const error = await read().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(DatabaseUnavailable)
  return causesOf(error).map(({ message }) => message)
}

test("split brain: an old primary that goes on accepts a revoked key without the fence, and has no verdict with it", async () => {
  await using pair = await startPair()
  const { primary, standby, findPlain, findFenced } = pair
  expect([await findPlain(), await findFenced()]).toEqual([1, 1])

  await primary.pause()
  await runOnServer(standby.url, "select pg_promote()")
  await pair.revokeOn(standby)
  primary.resume()

  await eventually(async () => expect(await findPlain()).toBe(1))
  for (let read = 0; read < 50; read++) {
    expect(await findPlain()).toBe(1)
    await refusalOf(findFenced)
  }
  expect(await refusalOf(findFenced)).toContain("2 servers take themselves for the primary")
})

test("with a standby that is gone or frozen there is no verdict, until it is back", async () => {
  await using pair = await startPair()
  const { standby, findPlain, findFenced } = pair
  const isBack = () => eventually(async () => expect(await findFenced()).toBe(1))
  await isBack()

  await standby.stop()
  await refusalOf(findFenced)
  expect(await findPlain()).toBe(1)
  await standby.start()
  await isBack()

  await standby.pause()
  await refusalOf(findFenced)
  standby.resume()
  await isBack()
})

test("servers among which no primary is, or of another cluster, give no verdict", async () => {
  await using pair = await startPair()
  const { primary, standby } = pair
  const other = await startPostgres()
  expect(await refusalOf(await pair.open(urlOf(standby)))).toContain(
    "0 servers take themselves for the primary",
  )
  const otherStandby = await startStandby(other)
  expect(await refusalOf(await pair.open(urlOf(primary, otherStandby)))).toContain(
    "the servers of the fence are not of one cluster",
  )
  await otherStandby[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

/** Promotes the standby while the old primary goes on, and gives the old primary's name to a new standby. */
async function replace({ primary, standby, revokeOn }: Awaited<ReturnType<typeof startPair>>) {
  const name = await createTcpProxy(new URL(primary.url))
  const other = await startStandby(primary, "other")
  return {
    fenceUrl: urlOf(name, standby),
    async now() {
      await runOnServer(standby.url, "select pg_promote()")
      await revokeOn(standby)
      await name.disconnect()
      name.redirect(new URL(other.url))
      await name.reconnect()
    },
    async [Symbol.asyncDispose]() {
      await name[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}

const OTHER_THAN_READ = "another server is the primary than the one that was read"

test("an old primary whose name another server has got gives no verdict, and the pool leaves it", async () => {
  await using pair = await startPair()
  const { primary, standby } = pair
  await using replacement = await replace(pair)
  const find = await pair.open(replacement.fenceUrl)
  const findOnBoth = await pair.open(replacement.fenceUrl, urlOf(primary, standby))
  expect([await find(), await findOnBoth()]).toEqual([1, 1])

  await replacement.now()
  for (let read = 0; read < 20; read++) await refusalOf(find)
  await eventually(async () => expect(await findOnBoth()).toBe(0))
})

test.runIf(runsPgBouncerTests())("nor does one that is read through a pooler", async () => {
  await using pair = await startPair()
  await using replacement = await replace(pair)
  await using pgBouncer = await startPgBouncer(pair.primary.url)
  const find = await pair.open(replacement.fenceUrl, pgBouncer.url)
  expect(await find()).toBe(1)

  await replacement.now()
  for (let read = 0; read < 20; read++) await refusalOf(find)
  expect(await refusalOf(find)).toContain(OTHER_THAN_READ)
})
