import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { connect as connectDirectly, createTestDatabase, type Sql } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test, vi } from "vitest"
import { newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, DatabaseUnavailable, findUserByEmail, ping } from "../index.ts"
import { query, write } from "../query.ts"
import { rateLimits } from "../schema.ts"

/** A migrated database, and a connection to it that is none of the pool's. */
async function openDatabase() {
  const server = await createTestDatabase(inject("postgresUrl"))
  const database = await createDatabase(server.url)
  await database.migrate()
  const direct = connectDirectly(server.url)
  return {
    ...database,
    url: server.url,
    direct,
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), direct.end()])
      await server[Symbol.asyncDispose]()
    },
  }
}

/** A way to the database that does to each new connection what the test wants at the time. */
async function openWay(target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let treat: "pass" | "close" | "hold" = "pass"
  let held: (() => void)[] = []
  const pairs = new Set<{ client: Socket; upstream: Socket }>()
  const taken = { count: 0 }
  const way = createServer((client) => {
    taken.count++
    sockets.add(client.on("error", () => {}))
    const pass = () => {
      const upstream = connect(Number(port), hostname).on("error", () => client.destroy())
      client.pipe(upstream).pipe(client)
      const pair = { client, upstream }
      pairs.add(pair)
      client.on("close", () => {
        upstream.destroy()
        pairs.delete(pair)
      })
    }
    if (treat === "close") client.end()
    else if (treat === "hold") held.push(pass)
    else pass()
  })
  way.listen(0, "127.0.0.1")
  await once(way, "listening")
  const address = way.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    taken,
    treat(kind: typeof treat) {
      treat = kind
      if (kind !== "pass") return
      for (const pass of held) pass()
      held = []
    },
    /** Keeps back what the database answers on the connections that there are. @returns what lets it go on. */
    holdAnswers() {
      const frozen = [...pairs]
      for (const { client, upstream } of frozen) upstream.unpipe(client)
      return () => {
        for (const { client, upstream } of frozen) upstream.pipe(client)
      }
    },
    async [Symbol.asyncDispose]() {
      way.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Holds a lock that every write of a user needs, while `work` runs. */
const withUsersLocked = (direct: Sql, work: () => Promise<void>) =>
  direct.begin(async (sql) => {
    await sql`lock table users`
    await work()
  })

test("more refused connections than the pool has places, and it still recovers", async () => {
  await using database = await openDatabase()
  const { hostname, port } = new URL(database.url)
  const placeholder = createServer().listen(0, "127.0.0.1")
  await once(placeholder, "listening")
  const free = placeholder.address()
  if (free === null || typeof free === "string") throw new TypeError("not a TCP address")
  placeholder.close()
  await once(placeholder, "close")
  const url = new URL(database.url)
  url.port = String(free.port)
  const { db, close } = await createDatabase(url.href)
  for (let attempt = 0; attempt < 25; attempt++) {
    await expect(ping(db, undefined)).rejects.toThrow(DatabaseUnavailable)
  }

  const server = createServer((client) => {
    client.pipe(connect(Number(port), hostname)).pipe(client)
  }).listen(free.port, "127.0.0.1")

  await vi.waitFor(() => ping(db, undefined), { timeout: 5_000, interval: 50 })
  await close()
  server.close()
})

test("connections that are closed at once: an answer, no storm of attempts, and recovery", async () => {
  await using database = await openDatabase()
  await using way = await openWay(database.url)
  way.treat("close")
  const { db, close } = await createDatabase(way.url)
  for (let attempt = 1; attempt <= 15; attempt++) {
    await expect(ping(db, undefined)).rejects.toThrow("the database could not answer")
    expect(way.taken.count).toBe(attempt)
  }

  way.treat("pass")
  await vi.waitFor(() => ping(db, undefined), { timeout: 5_000, interval: 50 })
  await close()
})

test("a write that could not be sent in time is not sent later, when the database is there again", async () => {
  await using database = await openDatabase()
  await using way = await openWay(database.url)
  const { db, close } = await createDatabase(way.url)
  const write = query((db, name: string) => db.execute(`create table ${name} ()`))
  way.treat("hold")

  const writes = Array.from({ length: 30 }, (_, index) => write(db, `late_${index}`))
  for (const { status } of await Promise.allSettled(writes)) expect(status).toBe("rejected")
  way.treat("pass")

  // As many as the pool has places, so that no connection is left on which a write could be to come.
  await vi.waitFor(() => Promise.all(Array.from({ length: 10 }, () => ping(db, undefined))))
  expect(await database.direct`select relname from pg_class where relname like 'late%'`).toEqual([])
  await close()
})

test("when all connections are busy: refused in time, in order, and never done", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const users = Array.from({ length: 30 }, newUser)

  await withUsersLocked(direct, async () => {
    const writes = users.map((user) => createUser(db, user))
    await vi.waitFor(() => expect(database.usage()).toMatchObject({ size: 10, inUse: 6, waiting: 24 }))
    for (const write of await Promise.allSettled(writes)) {
      expect(write).toMatchObject({ status: "rejected", reason: { name: "DatabaseUnavailable" } })
    }
    expect(database.usage()).toMatchObject({ refused: 24, waiting: 0 })
    await vi.waitFor(() => expect(database.usage().inUse).toBe(0))
  })

  await ping(db, undefined)
  expect(await direct`select email from users`).toEqual([])
  expect(await createUser(db, newUser())).not.toBeNull()
})

test("more than may wait are refused at once", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const reads = Array.from({ length: 1_011 }, () => findUserByEmail(db, { email: "nobody" }))
    await expect(reads.at(-1)).rejects.toThrow("too many queries are waiting")
    await Promise.allSettled(reads)
  })

  expect(await findUserByEmail(db, { email: "nobody" })).toBeNull()
})

test("a database that turned read-only: writes are unavailable, reads are not, and it passes", async () => {
  await using database = await openDatabase()
  const { db, direct, url } = database
  const name = new URL(url).pathname.slice(1)
  const user = newUser()
  await createUser(db, user)
  await direct.unsafe(`alter database ${name} set default_transaction_read_only = on`)
  // For new sessions alone.
  await direct`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
  await vi.waitFor(() => ping(db, undefined))

  for (let attempt = 0; attempt < 15; attempt++) {
    await expect(createUser(db, newUser())).rejects.toThrow(DatabaseUnavailable)
  }
  expect(await findUserByEmail(db, user)).not.toBeNull()

  // Sessions that began read-only stay so.
  await direct.unsafe(`alter database ${name} reset default_transaction_read_only`)
  await vi.waitFor(() => createUser(db, newUser()), { timeout: 5_000, interval: 50 })
})

test("a server with fewer connections to give than the pool wants", async () => {
  await using database = await openDatabase()
  const { direct } = database
  const role = `few_${randomUUID().replaceAll("-", "")}`
  await direct.unsafe(
    `create role ${role} login connection limit 2;
      grant usage on schema latchkey to ${role}; grant all on all tables in schema latchkey to ${role}`,
  )
  const url = new URL(database.url)
  url.username = role
  const { db, close } = await createDatabase(url.href)

  const found = await Promise.allSettled(
    Array.from({ length: 50 }, () => findUserByEmail(db, { email: "nobody" })),
  )
  for (const outcome of found) {
    if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(DatabaseUnavailable)
    else expect(outcome.value).toBeNull()
  }
  expect(found.some(({ status }) => status === "fulfilled")).toBe(true)

  await direct.unsafe(`alter role ${role} connection limit -1`)
  await vi.waitFor(
    () => Promise.all(Array.from({ length: 10 }, () => findUserByEmail(db, { email: "nobody" }))),
    { timeout: 5_000, interval: 50 },
  )
  await close()
  await direct.unsafe(`drop owned by ${role}; drop role ${role}`)
})

test("a server process that is ended under each of ten queries: a clean error, and the next query works", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const sleep = query((db) => db.execute(sql`select pg_sleep(5)`))

  for (let round = 0; round < 10; round++) {
    const interrupted = expect(sleep(db, undefined)).rejects.toThrow(DatabaseUnavailable)
    await vi.waitFor(async () => {
      const ended = await direct`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'select pg_sleep%' and pid <> pg_backend_pid()`
      expect(ended.length).toBe(1)
    })
    await interrupted
    await ping(db)
  }
})

test("writes that all wait leave connections for reads", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const writes = Promise.allSettled(Array.from({ length: 20 }, () => createUser(db, newUser())))
    await vi.waitFor(() => expect(database.usage().inUse).toBe(6))
    for (let read = 0; read < 100; read++) await ping(db)
    expect(database.usage().inUse).toBe(6)
    await writes
  })
})

const counted = (key: string) => ({ key, points: 1, expiresAt: new Date() })

test("a transaction that waited for a connection does not commit after its caller was told that it failed", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  let tell = () => {}
  const told = new Promise<void>((resolve) => {
    tell = resolve
  })
  const late = write<string, void>((db, key) =>
    db.transaction(async (tx) => {
      await tx.insert(rateLimits).values(counted(key))
      await told
    }),
  )

  let outcome: Promise<void> = Promise.resolve()
  await withUsersLocked(direct, async () => {
    const before = Promise.allSettled(Array.from({ length: 6 }, () => createUser(db, newUser())))
    await vi.waitFor(() => expect(database.usage().inUse).toBe(6))
    outcome = expect(late(db, "late").finally(() => tell())).rejects.toThrow("no answer within")
    await sleep(300)
    expect(database.usage().waiting).toBe(1)
    void before
  })
  await outcome

  await vi.waitFor(() => expect(database.usage().inUse).toBe(0), 5_000)
  expect(await direct`select key from rate_limits`).toEqual([])
})

test("a write whose first half was answered too late gets no second", async () => {
  await using database = await openDatabase()
  await using way = await openWay(database.url)
  const { db, usage, close } = await createDatabase(way.url)
  // Sent so late that the server's own limit for it ends after the caller's.
  const count = write<string, void>(async (db, key) => {
    await sleep(500)
    await db.insert(rateLimits).values(counted(key))
  })
  await count(db, "first")

  const goOn = way.holdAnswers()
  // The server describes the statement, and would be sent its parameters then.
  await expect(count(db, "late")).rejects.toThrow(DatabaseUnavailable)
  goOn()

  await vi.waitFor(() => expect(usage().inUse).toBe(0), 5_000)
  await count(db, "next")
  expect((await database.direct`select key from rate_limits order by key`).map(({ key }) => key)).toEqual([
    "first",
    "next",
  ])
  await close()
})

test("a commit whose answer is lost for good gives its connection up", async () => {
  await using database = await openDatabase()
  await using way = await openWay(database.url)
  const { db, usage, close } = await createDatabase(way.url)
  const count = write<string, void>((db, key) =>
    db.transaction(async (tx) => {
      await tx.insert(rateLimits).values(counted(key))
      way.holdAnswers()
    }),
  )

  await expect(count(db, "perhaps")).rejects.toThrow(DatabaseUnavailable)

  await vi.waitFor(() => expect(usage().inUse).toBe(0), { timeout: 10_000, interval: 50 })
  await ping(db)
  await close()
}, 20_000)
