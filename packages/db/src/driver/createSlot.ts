import { setTimeout as sleep } from "node:timers/promises"
import { drizzle } from "drizzle-orm/postgres-js"
import type { Database } from "../database.ts"
import type { Lease } from "./lease.ts"
import { PRIMARY_CHECK } from "./onPrimary.ts"
import type { Connection } from "./openConnection.ts"
import { LIMITS, MEANING, raiseSynchronousCommit, setLocally } from "./settings.ts"
import { type Executor, type Statement, sqlClient } from "./sqlClient.ts"
import type { StallWatch } from "./stallWatch.ts"
import { transactionOn } from "./transactionOn.ts"

/** A place in the pool. It has one connection at a time, and opens another when that one is lost or unresponsive. */
export interface Slot extends Executor {
  /** For the query that holds the slot. */
  readonly db: Database
  readonly isConnected: boolean
  /** Runs the body of a query. After the end of its lease, nothing more is sent. */
  run<Result>(lease: Lease, body: (slot: Slot) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** The time between the end of a lease and the end of its connection: longer than any statement may run. */
const GRACE_MS = 2_500

/** The delay between attempts to connect, which doubles up to the maximum. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 500]

/** Connections are replaced after a random time in this range, to follow changes of a load balancer or DNS. */
const LIFETIME_MS = { least: 30 * 60_000, most: 60 * 60_000 }

/** Set in every transaction where the connection keeps no settings. */
const SET_LOCALLY = `${setLocally({ ...LIMITS, ...MEANING })}; select ${PRIMARY_CHECK}; ${raiseSynchronousCommit("true")}`

/**
 * Since when a connection that turned out to be dead had been silent. Others that have been silent for as long are
 * not trusted either: a lost host is silent on all of its connections.
 */
export interface Trust {
  since: number
}

export function createSlot({
  connect,
  stalls,
  trust,
}: {
  connect: () => Promise<Connection>
  stalls: StallWatch
  trust: Trust
}): Slot {
  let connection: Connection | undefined
  let connecting: Promise<Connection> | undefined
  let lease: Lease | undefined
  let expiry: NodeJS.Timeout | undefined
  /** The number of unanswered statements that may commit. */
  let committing = 0
  let failures = 0
  let retryAt = 0
  const lifetime = LIFETIME_MS.least + Math.random() * (LIFETIME_MS.most - LIFETIME_MS.least)

  function refuseLate() {
    if (lease?.over) throw lease.over
  }

  async function reconnect(): Promise<Connection> {
    await sleep(Math.max(0, retryAt - performance.now()))
    refuseLate()
    try {
      connection = await connect()
      failures = 0
      return connection
    } catch (error) {
      retryAt = performance.now() + Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS)
      throw error
    }
  }

  /** Drops a connection that is too old, or has been silent for longer than one that turned out to be dead. */
  function retire() {
    if (!connection || connection.isLost) return
    if (connection.heardAt < trust.since) connection.destroy(new Error("the database has stopped answering"))
    else if (performance.now() - connection.openedAt > lifetime) {
      void connection.close()
      connection = undefined
    }
  }

  function connected(): Connection | Promise<Connection> {
    if (connection && !connection.isLost) return connection
    connecting ??= reconnect().finally(() => {
      connecting = undefined
    })
    return connecting
  }

  function send(on: Connection, statement: Statement, mayCommit: boolean): Promise<unknown> {
    refuseLate()
    if (!mayCommit || !lease?.isWrite) return on.send(statement)
    committing++
    return on.send(statement).finally(() => {
      committing--
    })
  }

  async function begin<Result>(run: (tx: Executor) => Promise<Result>): Promise<Result> {
    const on = await connected()
    return transactionOn(on, {
      settings: on.keepsSettings ? "" : SET_LOCALLY,
      send: (statement, mayCommit) => send(on, statement, mayCommit),
      run,
    })
  }

  async function execute(statement: Statement): Promise<unknown> {
    const on = connected()
    return executeOn(on instanceof Promise ? await on : on, statement)
  }

  function executeOn(on: Connection, statement: Statement): Promise<unknown> {
    return on.keepsSettings ? send(on, statement, true) : begin((tx) => tx.execute(statement))
  }

  /** Ends an unresponsive connection. */
  function giveUp() {
    trust.since = performance.now() - GRACE_MS
    connection?.destroy(new Error("the database has stopped answering"))
  }

  /**
   * After the end of the lease, the server's own timeout ends the statement in flight. Ending the connection at once
   * would leave the statement running there, beside the statements of a new connection. The timeout does not end a
   * commit that waits for a standby, and neither may we.
   */
  function expire() {
    connection?.stopWriting()
    expiry = setTimeout(() => {
      if (committing > 0) stalls.add(giveUp)
      else giveUp()
    }, GRACE_MS)
  }

  const transaction: Executor["transaction"] = (run) => begin((tx) => run(sqlClient(tx)))

  const slot: Slot = {
    db: drizzle(sqlClient({ execute, transaction })),
    execute,
    transaction,
    get isConnected() {
      return connection !== undefined && !connection.isLost
    },
    async run(next, body) {
      lease = next
      lease.onOver = expire
      try {
        refuseLate()
        retire()
        return await body(slot)
      } finally {
        clearTimeout(expiry)
        stalls.delete(giveUp)
        next.onOver = undefined
        lease = undefined
        connection?.writeAgain()
      }
    },
    async close() {
      await connecting?.catch(() => {})
      await connection?.close()
    },
  }
  return slot
}
