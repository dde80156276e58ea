import { createMigratedDatabase } from "@latchkey/db/test"
import { connect, eventually, startSerializable } from "@latchkey/test-postgres"
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from "vitest"
import { newSecret, register, rest, startTestServer, type TestServer } from "../testServer.ts"

/** The number of calls in a race. */
export const AT_ONCE = 24

/** For `describe.each`: how a database comes to run everything as serializable. */
export const SERIALIZABLE = [
  ["the database's default is serializable", false],
  ["the engine runs everything as serializable", true],
] as const

const countOf = (values: readonly number[]) => {
  const counts: Record<number, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

/** Whether a line of the log tells of a conflict between transactions. Ids and times may contain the same digits. */
const isConflict = (line: string) => /"code":"(40001|40P01)"/.test(line)

/** Expects a change to be recorded once for each call that reported it, and perhaps for those with an unknown outcome. */
export function expectTimes(recorded: number | undefined, reported: number | undefined) {
  expect(recorded).toBeGreaterThanOrEqual(reported ?? 0)
  expect(recorded).toBeLessThanOrEqual(AT_ONCE)
}

/**
 * Starts two instances on a serializable database for the tests of a `describe`. After each test, their logs must not tell
 * of a conflict between transactions.
 *
 * @param isForced whether the level applies although Latchkey asks for another one.
 */
export function useSerializable(isForced: boolean, variables: () => Record<string, string> = () => ({})) {
  let database: Awaited<ReturnType<typeof createMigratedDatabase>>
  let proxy: Awaited<ReturnType<typeof startSerializable>>
  let servers: TestServer[]
  beforeAll(async () => {
    database = await createMigratedDatabase(inject("postgresUrl"))
    const direct = connect(database.url)
    const name = new URL(database.url).pathname.slice(1)
    await direct.unsafe(`alter database ${name} set default_transaction_isolation = 'serializable'`)
    await direct.end()
    proxy = await startSerializable(database.url)
    const DATABASE_URL = isForced ? proxy.url : database.url
    const shared = { DATABASE_URL, AUTH_SECRET: newSecret(), ...variables() }
    servers = [await startTestServer(shared), await startTestServer(shared)]
  })
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })
  let linesBefore: number[]
  beforeEach(() => {
    linesBefore = servers.map(({ log }) => log.length)
  })
  afterEach(() => {
    const lines = servers.flatMap(({ log }, index) => log.slice(linesBefore[index]))
    expect(lines.filter(isConflict)).toEqual([])
  })

  const urlOf = (index: number) => servers[index % servers.length]?.url ?? ""
  const query = async (text: string) => {
    const sql = connect(database.url)
    try {
      return await sql.unsafe(text)
    } finally {
      await sql.end()
    }
  }

  /** Waits until nothing runs in the database, so that no call whose outcome is unknown changes anything afterwards. */
  const settled = () =>
    eventually(async () => {
      const busy = await query(`select state, query from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`)
      expect(busy).toEqual([])
    })

  return {
    /** The URL of one of the instances, in turn. */
    urlOf,
    query,
    post: (
      index: number,
      path: string,
      body: object,
      call: { accessToken?: string; apiKey?: string; headers?: Record<string, string> } = {},
    ) => rest(urlOf(index), "POST", path, { ...call, body }),
    /**
     * Makes a call many times at once, on both instances in turn, and compares how often each status came. A call that a
     * busy machine did not get to in time, and did not begin, is made again. If one ran out of time when it had begun, its
     * outcome is unknown, and may be any of the others; it is known to the database before the race is over.
     *
     * @returns how often each status came.
     */
    async race(call: (index: number) => ReturnType<typeof rest>, expected: Record<number, number>) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          let answer = await call(index)
          while (answer.status === 503 && !answer.body.begun) answer = await call(index)
          return answer
        }),
      )
      if (answers.some(({ body }) => body?.begun)) await settled()
      const counts = countOf(answers.filter(({ body }) => !body?.begun).map(({ status }) => status))
      for (const [status, times] of Object.entries(counts)) {
        expect(times, status).toBeLessThanOrEqual(expected[Number(status)] ?? 0)
      }
      return counts
    },
    /** Prepares what each call of a race needs, on both instances in turn, with few calls at once. */
    async prepareMany<One>(prepare: (url: string) => Promise<One>, count = AT_ONCE): Promise<One[]> {
      const prepared: One[] = []
      while (prepared.length < count) prepared.push(...(await Promise.all([0, 1].map(urlOf).map(prepare))))
      return prepared
    },
    async registerAdmin() {
      const admin = await register(urlOf(0))
      await query(`update latchkey.owners set role = 'admin' where id = '${admin.user.id}'`)
      return admin
    },
    /** How often each kind of event is in a user's trail. */
    async kindsOf(userId: string): Promise<Record<string, number>> {
      const rows = await query(
        `select kind, sum(count)::int as times from latchkey.audit_trail where owner_id = '${userId}' group by 1`,
      )
      return Object.fromEntries(rows.map(({ kind, times }) => [kind, times]))
    },
  }
}
