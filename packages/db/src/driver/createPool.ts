import { setTimeout as sleep } from "node:timers/promises"
import { drizzle } from "drizzle-orm/postgres-js"
import type { DatabaseHandle, DatabaseOptions } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { migrateDatabase } from "../migrate/migrateDatabase.ts"
import { createSlot, type Slot } from "./createSlot.ts"
import { DEFAULT_PORT, parseDatabaseUrl } from "./databaseUrl.ts"
import { type Lease, withLease } from "./lease.ts"
import { type Connection, isOfPooler, openConnection, type Server } from "./openConnection.ts"
import { setPool, WAITING } from "./pool.ts"
import { createSemaphore } from "./semaphore.ts"
import { LIMITS, MEANING, MIGRATION_LIMITS, type Settings, setLocally } from "./settings.ts"
import { sqlClient } from "./sqlClient.ts"
import { createStallWatch, STALLED_COMMITS } from "./stallWatch.ts"
import { transactionOn } from "./transactionOn.ts"

/** The number of connections, and so of concurrent queries. */
const SIZE = 10

/** How many of them writes may hold. */
const MAX_WRITES = 6

/** Milliseconds that queries in flight have to finish when the pool is closed. */
const CLOSE_MS = 1_000

/** Opens a pool of connections to a PostgreSQL server, or to a pooler in front of one. Connects on first use. */
export function createPool(url: string, { onQuery }: DatabaseOptions): DatabaseHandle {
  const server = readServer(url)
  const semaphore = createSemaphore({ size: SIZE, maxWrites: MAX_WRITES, ...WAITING })
  const stalls = createStallWatch(async () => {
    const rows = await withLease(false, (lease) =>
      run(lease, (slot) => slot.execute({ text: STALLED_COMMITS, asArrays: true })),
    )
    return (rows as boolean[][])[0]?.[0] === true
  })
  const trust = { since: 0 }
  /** False once a pooler has refused or dropped the settings. */
  let withSettings = true
  let isClosed = false

  async function connect(): Promise<Connection> {
    if (isClosed) throw new DatabaseUnavailable("the pool is closed")
    if (!withSettings) return openConnection(server, null)
    const connection = await connectWith(server, { ...LIMITS, ...MEANING })
    withSettings = connection.keepsSettings
    return connection
  }

  /** Slots that no query holds. */
  const idle = Array.from({ length: SIZE }, () => createSlot({ connect, stalls, trust }))
  const slots: readonly Slot[] = [...idle]

  /** The most recently used connected slot; without one, the slot that has been idle longest. */
  function takeIdle(): Slot {
    const slot = idle.findLast(({ isConnected }) => isConnected) ?? idle[0]
    if (!slot) throw new TypeError("more queries run than there are slots")
    idle.splice(idle.indexOf(slot), 1)
    return slot
  }

  async function run<Result>(lease: Lease, body: (slot: Slot) => Promise<Result>): Promise<Result> {
    if (lease.isWrite && stalls.size >= MAX_WRITES)
      throw new DatabaseUnavailable("commits are waiting for a standby")
    const acquired = semaphore.acquire(lease.isWrite)
    if (acquired) await acquired
    const slot = takeIdle()
    try {
      return await slot.run(lease, body)
    } catch (error) {
      if (isOfPooler(error)) withSettings = false
      throw error
    } finally {
      idle.push(slot)
      semaphore.release(lease.isWrite)
    }
  }

  const db = drizzle(
    sqlClient({
      execute: (statement) => withLease(true, (lease) => run(lease, (slot) => slot.execute(statement))),
      transaction: (body) => withLease(true, (lease) => run(lease, (slot) => slot.transaction(body))),
    }),
  )
  setPool(db, { run: (lease, body) => run(lease, (slot) => body(slot.db)), onQuery })
  return {
    db,
    migrate: () => migrateOver(server),
    usage: semaphore.usage,
    async close() {
      isClosed = true
      await Promise.race([sleep(CLOSE_MS, undefined, { ref: false }), drained()])
      await Promise.all(slots.map((slot) => slot.close()))
    },
  }

  async function drained() {
    while (semaphore.usage().inUse > 0) await sleep(10)
  }
}

/** Connects with the settings, or without them where a pooler refuses them. */
async function connectWith(server: Server, settings: Settings): Promise<Connection> {
  try {
    return await openConnection(server, settings)
  } catch (error) {
    if (!isOfPooler(error)) throw error
    return openConnection(server, null)
  }
}

function readServer(url: string): Server {
  const { host, port, path, user, pass, database, ssl, sslnegotiation, connection } =
    parseDatabaseUrl(url).options
  return {
    targets: path
      ? [{ path }]
      : host.map((name, index) => ({ host: name, port: port[index] ?? DEFAULT_PORT })),
    encryption: { ssl, isDirect: sslnegotiation === "direct" },
    login: { ...(user && { user }), ...(pass && { pass }), ...(database && { database }) },
    parameters: connection,
  }
}

/** Migrates over a separate connection, which has no statement timeout. */
async function migrateOver(server: Server): Promise<void> {
  const settings = { ...MIGRATION_LIMITS, ...MEANING }
  const connection = await connectWith(server, settings)
  try {
    await migrateDatabase(
      drizzle(
        sqlClient({
          execute: connection.send,
          transaction: (run) =>
            transactionOn(connection, {
              settings: setLocally(settings),
              send: connection.send,
              run: (tx) => run(sqlClient(tx)),
            }),
        }),
      ),
    )
  } finally {
    await connection.close()
  }
}
