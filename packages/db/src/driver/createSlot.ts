import { setTimeout as sleep } from "node:timers/promises"
import { drizzle } from "drizzle-orm/postgres-js"
import type { Database, ObserveStatement } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import type { Connection } from "./openConnection.ts"
import type { Permit } from "./permit.ts"
import { isReplaced, type Lineage, READ_LINEAGE, toLineage } from "./primary/lineage.ts"
import { PRIMARY_CHECK } from "./primary/onPrimary.ts"
import { commitReplicated } from "./primary/replication.ts"
import { raiseSynchronousCommit, type Settings, setLocally } from "./settings.ts"
import { type Executor, type Statement, sqlClient } from "./sqlClient.ts"
import type { StallWatch } from "./stallWatch.ts"
import { transactionOn } from "./transactionOn.ts"

/** A place in the pool. It has one connection at a time, and opens another when that one is lost or unresponsive. */
export interface Slot extends Executor {
  /** For the query that holds the slot. */
  readonly db: Database
  readonly isConnected: boolean
  /** Runs the body of a query. After the end of its permit, nothing more is sent. */
  run<Result>(permit: Permit, body: (slot: Slot) => Promise<Result>): Promise<Result>
  /** Ends a connection to a server that another one has replaced as the primary. */
  leaveReplaced(newest: Lineage): void
  close(): Promise<void>
}

/** The time between the end of a permit and the end of its connection: longer than any statement may run. */
const GRACE_MS = 2_500

/** The delay between attempts to connect, which doubles up to the maximum. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 500]

/** Connections are replaced after a random time in this range, to follow changes of a load balancer or DNS. */
const LIFETIME_MS = { least: 30 * 60_000, most: 60 * 60_000 }

/** SQL to begin every transaction with, if the connection keeps no settings. */
const setInTransaction = (settings: Settings) =>
  `${setLocally(settings)}; select ${PRIMARY_CHECK}; ${raiseSynchronousCommit("true")}`

/** The server of a transaction whose beginning asked for it at the end. */
const toServer = (answers: unknown) => toLineage((answers as unknown[]).at(-1))

/**
 * The time since which a connection that turned out to be dead had been silent. Others that have been silent for as
 * long are not trusted either, because a lost host is silent on all of its connections.
 */
export interface Trust {
  since: number
}

export function createSlot({
  connect,
  settings,
  stalls,
  trust,
  requireSynchronous,
  asksServer = false,
  onStatement,
}: {
  connect: () => Promise<Connection>
  settings: Settings
  stalls: StallWatch
  trust: Trust
  /** Whether a change that takes a right away has to be on a synchronous standby. */
  requireSynchronous: boolean
  /** Whether transactions behind a pooler ask on which server they run. */
  asksServer?: boolean
  onStatement?: ObserveStatement | undefined
}): Slot {
  let connection: Connection | undefined
  let connecting: Promise<Connection> | undefined
  let permit: Permit | undefined
  let expiry: NodeJS.Timeout | undefined
  /** The number of unanswered statements that may commit. */
  let committing = 0
  let failures = 0
  let retryAt = 0
  const lifetime = LIFETIME_MS.least + Math.random() * (LIFETIME_MS.most - LIFETIME_MS.least)

  function refuseLate() {
    if (permit?.over) throw permit.over
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

  function send(on: Connection, statement: Statement): Promise<unknown> {
    refuseLate()
    if (permit && on.lineage) permit.server = on.lineage
    return onStatement ? onStatement(statement.text, () => on.send(statement)) : on.send(statement)
  }

  /** Sends a statement that may commit. */
  async function sendCommit(on: Connection, sendAll: () => Promise<unknown>): Promise<unknown> {
    const current = permit
    if (!current?.isWrite) return sendAll()
    committing++
    current.isCommitting = true
    try {
      return await sendAll()
    } catch (error) {
      if (!on.isLost || (error instanceof DatabaseUnavailable && error.begun)) throw error
      throw new DatabaseUnavailable("the connection was lost during a commit", { cause: error, begun: true })
    } finally {
      committing--
      current.isCommitting = false
    }
  }

  const isConfirmed = () => requireSynchronous && (permit?.kind === "takeAway" || permit?.kind === "lasting")

  async function begin<Result>(run: (tx: Executor) => Promise<Result>): Promise<Result> {
    const on = await connected()
    const sendOn = (statement: Statement) => send(on, statement)
    const isAsked = asksServer && !on.keepsSettings
    return transactionOn(on, {
      settings: on.keepsSettings ? "" : setInTransaction(settings) + (isAsked ? `; ${READ_LINEAGE}` : ""),
      onBegun: (answers) => {
        if (permit && isAsked) permit.server = toServer(answers)
      },
      send: sendOn,
      commit: () =>
        sendCommit(on, () => (isConfirmed() ? commitReplicated(sendOn) : sendOn({ text: "commit" }))),
      run,
    })
  }

  async function execute(statement: Statement): Promise<unknown> {
    const on = connected()
    return executeOn(on instanceof Promise ? await on : on, statement)
  }

  function executeOn(on: Connection, statement: Statement): Promise<unknown> {
    return on.keepsSettings && !isConfirmed()
      ? sendCommit(on, () => send(on, statement))
      : begin((tx) => tx.execute(statement))
  }

  /** Ends an unresponsive connection. */
  function giveUp() {
    trust.since = performance.now() - GRACE_MS
    connection?.destroy(new Error("the database has stopped answering"))
  }

  /**
   * After the end of the permit, the server's own timeout ends the statement in flight. If we ended the connection at
   * once, the statement would keep running there, in addition to the statements of a new connection. The timeout does
   * not end a commit that waits for a standby, and we must not do so either.
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
      permit = next
      permit.onOver = expire
      try {
        refuseLate()
        retire()
        return await body(slot)
      } finally {
        clearTimeout(expiry)
        stalls.delete(giveUp)
        next.onOver = undefined
        permit = undefined
        connection?.writeAgain()
      }
    },
    leaveReplaced(newest) {
      if (connection && isReplaced(connection.lineage, newest))
        connection.destroy(new DatabaseUnavailable("this server is no longer the primary"))
    },
    async close() {
      await connecting?.catch(() => {})
      await connection?.close()
    },
  }
  return slot
}
