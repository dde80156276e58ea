import { setTimeout as sleep } from "node:timers/promises"
import { drizzle } from "drizzle-orm/postgres-js"
import type { Database, DatabaseHandle, DatabaseOptions } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { machineClocks } from "../leases/clocks.ts"
import { shareLooks } from "../leases/shareLooks.ts"
import { createWaitForLeases } from "../leases/waitForLeases.ts"
import { findPending, migrateDatabase } from "../migrate/migrateDatabase.ts"
import { setSearchPath } from "../migrate/plan.ts"
import { channelOf, findLeaseStates, forgetLeases } from "../queries/server/leases.ts"
import { codedError } from "./codedError.ts"
import { createSlot, type Slot } from "./createSlot.ts"
import { keepActive } from "./keepActive.ts"
import { listenTo } from "./listenTo.ts"
import { measured } from "./measured.ts"
import {
  type Connection,
  type ConnectionObserver,
  isOfPooler,
  openConnection,
  type Server,
} from "./openConnection.ts"
import { type Permit, withPermit } from "./permit.ts"
import { setPool, WAITING } from "./pool.ts"
import { isReplaced, type Lineage, timelineName } from "./primary/lineage.ts"
import { createStandbyFence } from "./primary/standbyFence.ts"
import { createRetryConflicts } from "./retryConflicts.ts"
import { createSemaphore } from "./semaphore.ts"
import {
  LONG_LIMITS,
  MEANING,
  MIGRATION_LIMITS,
  type Settings,
  setLocally,
  settingsOfQueries,
} from "./settings.ts"
import { type Statement, sqlClient } from "./sqlClient.ts"
import { createStallWatch, STALLED_COMMITS } from "./stallWatch.ts"
import { transactionOn } from "./transactionOn.ts"
import { DEFAULT_PORT, parseDatabaseUrl } from "./url/databaseUrl.ts"

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
  {
    onQuery,
    onStatement,
    onLeaseWait,
    schema,
    maxConnections: size,
    requireSynchronous = false,
    fenceUrl,
  }: PoolOptions,
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

  async function connect(onNotification?: () => void): Promise<Connection> {
    if (isClosed) throw new DatabaseUnavailable("the pool is closed")
    const observer = { checkLineage: follow, ...(onNotification && { onNotification }) }
    if (!withSettings) return openConnection(server, null, observer)
    const connection = await connectWith(server, settings, observer)
    withSettings = connection.keepsSettings
    return connection
  }

  /** The newest primary that this pool has reached. */
  let newest: Lineage | null = null
  /** When it was first reached. */
  let newestSince = 0

  /** Once a newer primary is known, an older one is never used again. */
  function follow(lineage: Lineage) {
    if (isReplaced(lineage, newest)) throw new DatabaseUnavailable("this server is no longer the primary")
    if (newest?.system !== lineage.system || newest.timeline !== lineage.timeline)
      newestSince = performance.now()
    newest = lineage
    for (const slot of slots) slot.leaveReplaced(newest)
  }

  async function connectIdle(): Promise<Connection> {
    const connection = await connect()
    // Its permit keeps the process alive while a query runs.
    connection.unref()
    return connection
  }

  const askOver = (statement: Statement) =>
    withPermit("read", (permit) => run(permit, (slot) => slot.execute(statement)))

  /** Uses an additional connection, because the stalled commit holds the only one. */
  async function askBeside(statement: Statement): Promise<unknown> {
    const connection = await connect()
    try {
      return await withPermit("read", () => connection.send(statement))
    } finally {
      await connection.close()
    }
  }

  /** Slots that no query holds. */
  const idle = Array.from({ length: size }, () =>
    createSlot({
      ...{ connect: connectIdle, settings, stalls, trust, requireSynchronous, onStatement },
      asksServer: fenceUrl !== undefined,
    }),
  )
  const slots: readonly Slot[] = [...idle]

  /** The most recently used connected slot; without one, the slot that has been idle longest. */
  function takeIdle(): Slot {
    const slot = idle.findLast(({ isConnected }) => isConnected) ?? idle[0]
    if (!slot) throw new TypeError("more queries run than there are slots")
    idle.splice(idle.indexOf(slot), 1)
    return slot
  }

  async function run<Result>(permit: Permit, body: (slot: Slot) => Promise<Result>): Promise<Result> {
    if (permit.isWrite && stalls.size >= maxWrites)
      throw new DatabaseUnavailable("commits are waiting for a standby")
    const acquired = semaphore.acquire(permit.isWrite)
    if (acquired) await acquired
    const slot = takeIdle()
    try {
      return await slot.run(permit, body)
    } catch (error) {
      if (isOfPooler(error)) withSettings = false
      throw error
    } finally {
      idle.push(slot)
      semaphore.release(permit.isWrite)
    }
  }

  const fence =
    fenceUrl === undefined ? undefined : createStandbyFence(connectsToEach(fenceUrl, settings), follow)
  const db = drizzle(
    sqlClient({
      execute: (statement) => withPermit("write", (permit) => run(permit, (slot) => slot.execute(statement))),
      transaction: (body) => withPermit("write", (permit) => run(permit, (slot) => slot.transaction(body))),
    }),
  )
  const waitForLeases = createWaitForLeases(
    {
      find: shareLooks(() => findLeaseStates(db, undefined)),
      forget: (params) => forgetLeases(db, params),
      seenAt: (timeline) => (newest && timelineName(newest) === timeline ? newestSince : undefined),
    },
    machineClocks,
  )
  setPool(db, {
    run: (permit, body) => run(permit, (slot) => body(slot.db)),
    retryConflicts: createRetryConflicts(),
    onQuery,
    guard: fence?.guard,
    waitForLeases: (committedOn) => measured(onLeaseWait, () => waitForLeases(committedOn)),
    listenToChanges: (onChange) => listenTo(channelOf(schema), () => connect(onChange)),
  })
  return {
    db,
    migrate: (options) =>
      workOver(server, MIGRATION_LIMITS, options?.signal, (db, onSilence) =>
        migrateDatabase(db, schema, { ...options, onSilence }),
      ),
    pendingMigrations: () =>
      workOver(server, MIGRATION_LIMITS, undefined, (db, onSilence) => findPending(db, schema, onSilence)),
    runLong: (run) =>
      workOver(server, LONG_LIMITS, undefined, (db) =>
        db.transaction(async (tx) => {
          await setSearchPath(tx, schema)
          return keepActive(tx, () => run(tx))
        }),
      ),
    usage: semaphore.usage,
    async close() {
      isClosed = true
      await Promise.race([sleep(CLOSE_MS, undefined, { ref: false }), drained()])
      await Promise.all([...slots, ...(fence ? [fence] : [])].map((part) => part.close()))
    },
  }

  async function drained() {
    while (semaphore.usage().inUse > 0) await sleep(10)
  }
}

/** Connects with the settings, or without them if a pooler refuses them. */
async function connectWith(
  server: Server,
  settings: Settings,
  observer: ConnectionObserver = {},
): Promise<Connection> {
  try {
    return await openConnection(server, settings, observer)
  } catch (error) {
    if (!isOfPooler(error)) throw error
    return openConnection(server, null, observer)
  }
}

/** Opens connections to each host of a URL, standbys as well. */
function connectsToEach(url: string, settings: Settings): (() => Promise<Connection>)[] {
  const { targets, ...server } = readServer(url)
  return targets.map((target) => () => {
    const member = { ...server, mustBeWritable: false, targets: [target] }
    return openConnection(member, settings, { acceptsStandby: true })
  })
}

function readServer(url: string): Server {
  const { options, mustBeWritable } = parseDatabaseUrl(url)
  const { host, port, path, user, pass, database, ssl, sslnegotiation, connection } = options
  return {
    mustBeWritable,
    targets: path
      ? [{ path }]
      : host.map((name, index) => ({ host: name, port: port[index] ?? DEFAULT_PORT })),
    encryption: { ssl, isDirect: sslnegotiation === "direct" },
    login: { ...(user && { user }), ...(pass && { pass }), ...(database && { database }) },
    parameters: connection,
  }
}

/**
 * Works on the schema over a separate connection. It has no statement timeout, and keeps the search path from the
 * URL, the role or the database, which tells where an earlier installation is.
 *
 * @param work receives a function that ends the connection when the database does not answer.
 */
async function workOver<Result>(
  server: Server,
  limits: Settings,
  signal: AbortSignal | undefined,
  work: (db: Database, onSilence: () => void) => Promise<Result>,
): Promise<Result> {
  const settings = { ...limits, ...MEANING }
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
      () => connection.destroy(codedError("ETIMEDOUT", "the database did not answer in time")),
    )
  } finally {
    signal?.removeEventListener("abort", stop)
    await connection.close()
  }
}
