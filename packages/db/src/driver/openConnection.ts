import postgres from "postgres"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { hasCode } from "./causesOf.ts"
import { codedError } from "./codedError.ts"
import { greetingWith } from "./greeting.ts"
import { type Encryption, notPostgres, openSocket, type Target } from "./openSocket.ts"
import { type Lineage, READ_LINEAGE, toLineage } from "./primary/lineage.ts"
import { isOfStandby } from "./primary/onPrimary.ts"
import { notReplicated } from "./primary/replication.ts"
import type { Settings } from "./settings.ts"
import { codecs, type Statement } from "./sqlClient.ts"

export interface Server {
  /** In the order in which they are tried. The one that was used last becomes the first. */
  targets: Target[]
  /** Whether a server whose transactions are read-only is refused. */
  mustBeWritable: boolean
  encryption: Encryption
  /** Absent values come from the environment, as with libpq. */
  login: { user?: string; pass?: string; database?: string }
  /** Further connection parameters of the URL. */
  parameters: Record<string, string>
}

/** One connection of postgres.js. Once lost, it is never opened again. */
export interface Connection {
  /** False behind a pooler, where the next statement may run on another connection to the server. */
  readonly keepsSettings: boolean
  /** Null behind a pooler, and if the server does not tell it. */
  readonly lineage: Lineage | null
  readonly openedAt: number
  /** The time of the last response. */
  readonly heardAt: number
  readonly isLost: boolean
  /** Resolves when the connection is lost or closed. */
  readonly whenLost: Promise<void>
  /** Rejects at once when the connection is lost. */
  send(statement: Statement): Promise<unknown>
  /**
   * From now on nothing more reaches the server: an attempt to write ends the connection. postgres.js sends a
   * statement with parameters in two steps, the second when the server has answered the first.
   */
  stopWriting(): void
  writeAgain(): void
  /** Ends the connection at once. The server rolls back a transaction in flight. */
  destroy(reason: Error): void
  /** From now on the connection alone does not keep the process alive. */
  unref(): void
  /** Ends the connection gracefully. */
  close(): Promise<void>
}

/** Time limits for connecting and for authenticating, across all hosts. */
const [CONNECT_MS, ENTER_MS] = [2_000, 1_000]

/**
 * The types of messages that PostgreSQL may send first: authentication, an error, a notice, or another version of the
 * protocol. postgres.js waits for the rest of anything else.
 */
const FIRST_ANSWERS = /^[RENv]/

/** SQLSTATEs of a pooler: settings at the start of a connection refused, a prepared statement gone. */
export const isOfPooler = (error: unknown) => hasCode(error, /^(08P01|26000)$/)

/** Refused credentials. As with libpq, the other hosts are then not tried. */
const isRefusedLogin = (error: unknown) => hasCode(error, /^(28P01|28000|SASL_\w+|AUTH_TYPE_\w+)$/)

export interface ConnectionObserver {
  /** Whether a standby will do; false by default. */
  acceptsStandby?: boolean
  /** Throws if the server is not the newest primary. */
  checkLineage?: (lineage: Lineage) => void
  /** Called with each notification of a channel that a statement has begun to listen to. */
  onNotification?: () => void
}

/**
 * Connects to the first host that takes a connection and is not a standby, unless that is accepted.
 *
 * @param settings for the start of the connection; null where a pooler refuses them.
 * @throws the last host's failure.
 */
export async function openConnection(
  server: Server,
  settings: Settings | null,
  observer: ConnectionObserver = {},
): Promise<Connection> {
  const { targets } = server
  let failure: unknown
  for (const target of [...targets]) {
    try {
      const connection = await open(server, { target, settings, hosts: targets.length, observer })
      server.targets = [target, ...targets.filter((other) => other !== target)]
      return connection
    } catch (error) {
      if ((settings && isOfPooler(error)) || isRefusedLogin(error)) throw error
      failure = error
    }
  }
  throw failure
}

async function open(
  { encryption, login, parameters, mustBeWritable }: Server,
  {
    target,
    settings,
    hosts,
    observer,
  }: {
    target: Target
    settings: Settings | null
    hosts: number
    observer: ConnectionObserver
  },
): Promise<Connection> {
  const socket = await openSocket(target, { encryption, timeoutMs: CONNECT_MS / hosts })
  const connection = {
    application_name: "latchkey",
    ...parameters,
    ...settings,
  }
  let isTaken = false
  let isUnreplicated = false
  const options = {
    ...("path" in target ? target : { host: target.host, port: target.port }),
    ...login,
    connection,
    max: 1,
    ssl: false,
    // This file has its own timers and never reconnects; drizzle converts types.
    connect_timeout: 0,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    // Documented, and missing from the types.
    socket() {
      if (isTaken) throw new Error("a connection is opened only once")
      isTaken = true
      return socket
    },
    onnotice({ routine }: postgres.Notice) {
      if (routine === "SyncRepWaitForLSN") isUnreplicated = true
    },
    // The function with which postgres.js itself listens, on its own connection. It is missing from the types.
    onnotify: () => observer.onNotification?.(),
  }
  const client = postgres(options)

  Object.assign(client.options.parsers, codecs.parsers)
  Object.assign(client.options.serializers, codecs.serializers)

  let lost: Error | undefined
  let reportLoss = () => {}
  const whenLost = new Promise<void>((resolve) => {
    reportLoss = resolve
  })
  let keepsSettings = false
  let lineage: Lineage | null = null
  let isMuted = false
  let heardAt = 0
  /** Rejections of the statements in flight. */
  const rejections = new Set<(reason: Error) => void>()

  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  socket.write = (...args: unknown[]) => {
    if (!isMuted) return write(...args)
    lose(new DatabaseUnavailable("the statement was not sent in time"))
    return false
  }

  function lose(reason: Error) {
    if (lost) return
    lost = reason
    reportLoss()
    socket.destroy()
    for (const reject of rejections) reject(reason)
    void client.end({ timeout: 0 })
  }
  socket.on("error", lose)
  socket.on("close", () => lose(codedError("ECONNRESET", "the database closed the connection")))
  socket.once("data", (bytes: Buffer) => {
    if (!FIRST_ANSWERS.test(bytes.toString("latin1", 0, 1))) lose(notPostgres())
  })

  function send({ text, params = [], prepare = false, asArrays = false }: Statement): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (lost) return reject(lost)
      rejections.add(reject)
      const statement = client.unsafe(text, params as never[], { prepare: prepare && keepsSettings })
      const answered = asArrays ? statement.values() : statement
      answered.then(
        (rows: unknown[]) => {
          heardAt = performance.now()
          rejections.delete(reject)
          if (!isUnreplicated) return resolve(takeOut(rows))
          isUnreplicated = false
          reject(notReplicated())
        },
        (error: Error) => {
          heardAt = performance.now()
          rejections.delete(reject)
          reject(error)
          if (endsConnection(error)) lose(error)
        },
      )
    })
  }

  /** Null on servers that resemble PostgreSQL and don't have what this needs. */
  async function readLineage(): Promise<Lineage | null> {
    try {
      return toLineage(await send({ text: READ_LINEAGE, asArrays: true }))
    } catch (error) {
      if (lost) throw error
      return null
    }
  }

  const timer = setTimeout(
    () => lose(codedError("ETIMEDOUT", "the database did not complete the login in time")),
    ENTER_MS / hosts,
  )
  try {
    const greeting = greetingWith(settings, { acceptsStandby: observer.acceptsStandby ?? false })
    const greeted = send({ text: greeting, asArrays: true })
    // Sent without waiting for the first answer.
    const told = settings && !observer.acceptsStandby ? readLineage() : null
    told?.catch(() => {})
    const [[, isReadOnly, kept] = []] = (await greeted) as boolean[][]
    if (mustBeWritable && isReadOnly) throw codedError("25006", "the database is read-only")
    keepsSettings = settings !== null && kept === true
    if (keepsSettings) lineage = await told
    if (lineage) observer.checkLineage?.(lineage)
  } catch (error) {
    lose(error as Error)
    throw error
  } finally {
    clearTimeout(timer)
  }

  return {
    openedAt: performance.now(),
    keepsSettings,
    lineage,
    get heardAt() {
      return heardAt
    },
    get isLost() {
      return lost !== undefined
    },
    whenLost,
    send,
    stopWriting() {
      isMuted = true
    },
    writeAgain() {
      isMuted = false
    },
    destroy: lose,
    unref: () => void socket.unref(),
    async close() {
      // The process must not end in the middle of this.
      socket.ref()
      await client.end({ timeout: 1 })
      lose(new DatabaseUnavailable("the connection was closed"))
    },
  }
}

/**
 * Empties a result of postgres.js. Its queries are instances of a subclass of `Promise`, which V8's minor garbage
 * collections don't free (measured on Node 20 and 24). They would retain their rows, and copying those from one
 * generation to the next takes as long as reading them.
 */
const takeOut = (rows: unknown[]) => rows.splice(0)

/**
 * Whether to drop the connection after a failure: if the server has become read-only, or is or was a standby, because
 * a new connection may reach another server; if a prepared statement is gone; or if the error does not come from
 * PostgreSQL.
 */
const endsConnection = (error: Error) =>
  !(error instanceof postgres.PostgresError) ||
  /^(FATAL|PANIC)$/.test(error.severity) ||
  hasCode(error, /^25006$/) ||
  isOfPooler(error) ||
  isOfStandby(error)
