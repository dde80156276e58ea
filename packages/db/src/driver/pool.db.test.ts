import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { connect as connectDirectly, eventually, gate, type Sql } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createMigratedDatabase, newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, DatabaseUnavailable, findUserByEmail, ping } from "../index.ts"
import { query, write } from "../query.ts"
import { rateLimits } from "../schema/rateLimits.ts"

/** Opens a migrated database, with a direct connection beside the pool. */
async function openDatabase() {
  const server = await createMigratedDatabase(inject("postgresUrl"))
  const database = await createDatabase(server.url)
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

/** Opens a proxy to a database. Its mode decides what happens to new connections. */
async function openProxy(target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let mode: "pass" | "close" | "hold" = "pass"
  let held: (() => void)[] = []
  const pairs = new Set<{ client: Socket; upstream: Socket }>()
  const accepted = { count: 0 }
  const proxy = createServer((client) => {
    accepted.count++
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
    if (mode === "close") client.end()
    else if (mode === "hold") held.push(pass)
    else pass()
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const address = proxy.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    accepted,
    setMode(next: typeof mode) {
      mode = next
      if (next !== "pass") return
      for (const pass of held) pass()
      held = []
    },
    /** Holds the database's answers on the open connections. @returns a function that passes them on. */
    holdAnswers() {
      const frozen = [...pairs]
      for (const { client, upstream } of frozen) upstream.unpipe(client)
      return () => {
        for (const { client, upstream } of frozen) upstream.pipe(client)
      }
    },
    async [Symbol.asyncDispose]() {
      proxy.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Runs `work` while a lock blocks every write to a user. */
const withUsersLocked = (direct: Sql, work: () => Promise<void>) =>
  direct.begin(async (sql) => {
    await sql`lock table owners`
    await work()
  })

test.concurrent("recovers from more refused connections than the pool has places", async () => {
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

  await eventually(() => ping(db, undefined))
  await close()
  server.close()
})

test.concurrent("connections that the server closes at once: one attempt per query, an error, and recovery", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  proxy.setMode("close")
  const { db, close } = await createDatabase(proxy.url)
  for (let attempt = 1; attempt <= 15; attempt++) {
    await expect(ping(db, undefined)).rejects.toThrow("the database could not answer")
    expect(proxy.accepted.count).toBe(attempt)
  }

  proxy.setMode("pass")
  await eventually(() => ping(db, undefined))
  await close()
})

test.concurrent("a write that could not be sent in time is not sent when the database is back", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  const { db, close } = await createDatabase(proxy.url)
  const write = query((db, name: string) => db.execute(`create table ${name} ()`))
  proxy.setMode("hold")

  const writes = Array.from({ length: 30 }, (_, index) => write(db, `late_${index}`))
  for (const { status } of await Promise.allSettled(writes)) expect(status).toBe("rejected")
  proxy.setMode("pass")

  // One for each place in the pool, so that no connection can still have a write to send.
  await eventually(() => Promise.all(Array.from({ length: 10 }, () => ping(db, undefined))))
  expect(await database.direct`select relname from pg_class where relname like 'late%'`).toEqual([])
  await close()
})

test.concurrent("when all connections are busy, writes are refused in time and never done", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const users = Array.from({ length: 30 }, newUser)

  await withUsersLocked(direct, async () => {
    const writes = users.map((user) => createUser(db, user))
    await eventually(() => expect(database.usage()).toMatchObject({ size: 10, inUse: 6, waiting: 24 }))
    for (const write of await Promise.allSettled(writes)) {
      expect(write).toMatchObject({ status: "rejected", reason: { name: "DatabaseUnavailable" } })
    }
    expect(database.usage()).toMatchObject({ refused: 24, waiting: 0 })
    await eventually(() => expect(database.usage().inUse).toBe(0))
  })

  await ping(db, undefined)
  expect(await direct`select email from owners`).toEqual([])
  expect(await createUser(db, newUser())).not.toBeNull()
})

test.concurrent("queries beyond the length of the queue are refused at once", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const reads = Array.from({ length: 1_011 }, () => findUserByEmail(db, { email: "nobody" }))
    await expect(reads.at(-1)).rejects.toThrow("too many queries are waiting")
    await Promise.allSettled(reads)
  })

  expect(await findUserByEmail(db, { email: "nobody" })).toBeNull()
})

test.concurrent("while a database is read-only, reads work, writes are unavailable, and later they recover", async () => {
  await using database = await openDatabase()
  const { db, direct, url } = database
  const name = new URL(url).pathname.slice(1)
  const user = newUser()
  await createUser(db, user)
  await direct.unsafe(`alter database ${name} set default_transaction_read_only = on`)
  // The setting affects only new connections.
  await direct`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
  await eventually(() => ping(db, undefined))

  for (let attempt = 0; attempt < 15; attempt++) {
    await expect(createUser(db, newUser())).rejects.toThrow(DatabaseUnavailable)
  }
  expect(await findUserByEmail(db, user)).not.toBeNull()

  // Connections that began read-only stay read-only.
  await direct.unsafe(`alter database ${name} reset default_transaction_read_only`)
  await eventually(() => createUser(db, newUser()))
})

test.concurrent("works with a server that allows fewer connections than the pool wants", async () => {
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
  await eventually(() =>
    Promise.all(Array.from({ length: 10 }, () => findUserByEmail(db, { email: "nobody" }))),
  )
  await close()
  await direct.unsafe(`drop owned by ${role}; drop role ${role}`)
})

test.concurrent("ten times, a killed server process fails its query cleanly, and the next query works", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const sleep = query((db) => db.execute(sql`select pg_sleep(5)`))

  for (let round = 0; round < 10; round++) {
    const interrupted = expect(sleep(db, undefined)).rejects.toThrow(DatabaseUnavailable)
    await eventually(async () => {
      const ended = await direct`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'select pg_sleep%' and pid <> pg_backend_pid()`
      expect(ended.length).toBe(1)
    })
    await interrupted
    await ping(db)
  }
})

test.concurrent("waiting writes leave connections for reads", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const writes = Promise.allSettled(Array.from({ length: 20 }, () => createUser(db, newUser())))
    await eventually(() => expect(database.usage().inUse).toBe(6))
    for (let read = 0; read < 100; read++) await ping(db)
    expect(database.usage().inUse).toBe(6)
    await writes
  })
})

const counted = (key: string) => ({ key, points: 1, expiresAt: new Date() })

test.concurrent("a transaction that waited for a connection does not commit after its caller got an error", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const failed = gate()
  const late = write<string, void>((db, key) =>
    db.transaction(async (tx) => {
      await tx.insert(rateLimits).values(counted(key))
      await failed.opened
    }),
  )

  let outcome: Promise<void> = Promise.resolve()
  await withUsersLocked(direct, async () => {
    const before = Promise.allSettled(Array.from({ length: 6 }, () => createUser(db, newUser())))
    await eventually(() => expect(database.usage().inUse).toBe(6))
    outcome = expect(late(db, "late").finally(failed.open)).rejects.toThrow("no answer within")
    await sleep(300)
    expect(database.usage().waiting).toBe(1)
    void before
  })
  await outcome

  await eventually(() => expect(database.usage().inUse).toBe(0))
  expect(await direct`select key from rate_limits`).toEqual([])
})

test.concurrent("a statement whose first step is answered too late gets no second step", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  const { db, usage, close } = await createDatabase(proxy.url)
  // Sent so late that the server's own time limit ends after the caller's.
  const count = write<string, void>(async (db, key) => {
    await sleep(500)
    await db.insert(rateLimits).values(counted(key))
  })
  await count(db, "first")

  const passOn = proxy.holdAnswers()
  // First the server describes the statement; only then are the parameters sent.
  await expect(count(db, "late")).rejects.toThrow(DatabaseUnavailable)
  passOn()

  await eventually(() => expect(usage().inUse).toBe(0))
  await count(db, "next")
  expect((await database.direct`select key from rate_limits order by key`).map(({ key }) => key)).toEqual([
    "first",
    "next",
  ])
  await close()
})

test.concurrent.each([10, 1])(
  "of %i, a connection whose commit is never answered is given up",
  async (maxConnections) => {
    await using database = await openDatabase()
    await using proxy = await openProxy(database.url)
    const { db, usage, close } = await createDatabase(proxy.url, { maxConnections })
    const count = write<string, void>((db, key) =>
      db.transaction(async (tx) => {
        await tx.insert(rateLimits).values(counted(key))
        proxy.holdAnswers()
      }),
    )

    await expect(count(db, "perhaps")).rejects.toThrow(DatabaseUnavailable)

    await eventually(() => expect(usage().inUse).toBe(0))
    await ping(db)
    await close()
  },
  180_000,
)
