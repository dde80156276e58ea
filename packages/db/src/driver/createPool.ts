import { setTimeout as sleep } from "node:timers/promises"
import { drizzle } from "drizzle-orm/postgres-js"
import type { Database, DatabaseHandle, DatabaseOptions } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { findPending, migrateDatabase } from "../migrate/migrateDatabase.ts"
import { codedError } from "./codedError.ts"
import { createSlot, type Slot } from "./createSlot.ts"
import { DEFAULT_PORT, parseDatabaseUrl } from "./databaseUrl.ts"
import { type Lease, withLease } from "./lease.ts"
import { type Connection, isOfPooler, openConnection, type Server } from "./openConnection.ts"
import { setPool, WAITING } from "./pool.ts"
import { createSemaphore } from "./semaphore.ts"
import { MEANING, MIGRATION_LIMITS, type Settings, setLocally, settingsOfQueries } from "./settings.ts"
import { type Statement, sqlClient } from "./sqlClient.ts"
import { createStallWatch, STALLED_COMMITS } from "./stallWatch.ts"
import { transactionOn } from "./transactionOn.ts"

/** Writes may hold this share of the connections, and leave one for reads where there are two or more. */
const WRITES_SHARE = 0.6

const maxWritesOf = (size: number) => Math.max(1, Math.min(size - 1, Math.round(size * WRITES_SHARE)))

interface PoolOptions extends DatabaseOptions {
  schema: string
  maxConnections: number
}

/** Milliseconds that queries in flight have to finish when the pool is closed. */
const CLOSE_MS = 1_000

/** Opens a pool of connections to a PostgreSQL server, or to a pooler in front of one. Connects on first use. */
export function createPool(
  url: string,
  { onQuery, schema, maxConnections: size }: PoolOptions,
): DatabaseHandle {
  const server = readServer(url)
  const settings = settingsOfQueries(schema)
  const maxWrites = maxWritesOf(size)
  const semaphore = createSemaphore({ size, maxWrites, ...WAITING })
  const stalls = createStallWatch(async () => {
    const statement = { text: STALLED_COMMITS, asArrays: true }
    const ask = maxWrites < size ? () => askOver(statement) : () => askBeside(statement)
    return ((await ask()) as boolean[][])[0]?.[0] === true
  })
  const trust = { since: 0 }
  /** False once a pooler has refused or dropped the settings. */
  let withSettings = true
  let isClosed = false

  async function connect(): Promise<Connection> {
    if (isClosed) throw new DatabaseUnavailable("the pool is closed")
    if (!withSettings) return openConnection(server, null)
    const connection = await connectWith(server, settings)
    withSettings = connection.keepsSettings
    return connection
  }

  async function connectIdle(): Promise<Connection> {
    const connection = await connect()
    // Its lease keeps the process alive while a query runs.
    connection.unref()
    return connection
  }

  const askOver = (statement: Statement) =>
    withLease(false, (lease) => run(lease, (slot) => slot.execute(statement)))

  /** Over a further connection, since the stalled commit has the only one. */
  async function askBeside(statement: Statement): Promise<unknown> {
    const connection = await connect()
    try {
      return await withLease(false, () => connection.send(statement))
    } finally {
      await connection.close()
    }
  }

  /** Slots that no query holds. */
  const idle = Array.from({ length: size }, () =>
    createSlot({ connect: connectIdle, settings, stalls, trust }),
  )
  const slots: readonly Slot[] = [...idle]

  /** The most recently used connected slot; without one, the slot that has been idle longest. */
  function takeIdle(): Slot {
    const slot = idle.findLast(({ isConnected }) => isConnected) ?? idle[0]
    if (!slot) throw new TypeError("more queries run than there are slots")
    idle.splice(idle.indexOf(slot), 1)
    return slot
  }

  async function run<Result>(lease: Lease, body: (slot: Slot) => Promise<Result>): Promise<Result> {
    if (lease.isWrite && stalls.size >= maxWrites)
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
    migrate: (options) =>
      migrationOver(server, options?.signal, (db, onSilence) =>
        migrateDatabase(db, schema, { ...options, onSilence }),
      ),
    pendingMigrations: () =>
      migrationOver(server, undefined, (db, onSilence) => findPending(db, schema, onSilence)),
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

/**
 * Works on the schema over a separate connection, which has no statement timeout and keeps the search path that the URL,
 * the role or the database gives it: that tells where an earlier installation is.
 *
 * @param work gets what ends the connection when the database does not answer.
 */
async function migrationOver<Result>(
  server: Server,
  signal: AbortSignal | undefined,
  work: (db: Database, onSilence: () => void) => Promise<Result>,
): Promise<Result> {
  const settings = { ...MIGRATION_LIMITS, ...MEANING }
  const connection = await connectWith(server, settings)
  const stop = () => connection.destroy(new DatabaseUnavailable("the migration was called off"))
  signal?.addEventListener("abort", stop)
  try {
    return await work(
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
      () => connection.destroy(codedError("ETIMEDOUT", "the database did not answer the migration in time")),
    )
  } finally {
    signal?.removeEventListener("abort", stop)
    await connection.close()
  }
}
