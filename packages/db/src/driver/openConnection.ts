import postgres from "postgres"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { hasCode } from "./causesOf.ts"
import { codedError } from "./codedError.ts"
import { isOfStandby, PRIMARY_CHECK } from "./onPrimary.ts"
import { type Encryption, notPostgres, openSocket, type Target } from "./openSocket.ts"
import { raiseSynchronousCommit, type Settings } from "./settings.ts"
import { codecs, type Statement } from "./sqlClient.ts"

export interface Server {
  /** In the order in which they are tried. */
  targets: Target[]
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
  readonly openedAt: number
  /** The time of the last response. */
  readonly heardAt: number
  readonly isLost: boolean
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
 * The first statement. It fails on a standby, and tells whether the connection has kept what it was given at its start:
 * PgBouncer that was told to ignore settings drops them, and runs the statements of one connection on many. A pooler
 * may pass on some settings and drop others, so the search path is checked by itself.
 */
function hello({ search_path: searchPath }: Settings): string {
  const isKept = searchPath === undefined ? "" : `and current_setting('search_path') = '${searchPath}'`
  return `
    select ${PRIMARY_CHECK}, kept, (${raiseSynchronousCommit("not kept")})
    from (select source = 'client' ${isKept} as kept from pg_settings where name = 'statement_timeout') settings`
}

/**
 * The types of messages that PostgreSQL may send first: authentication, an error, a notice, or another version of the
 * protocol. postgres.js waits for the rest of anything else.
 */
const FIRST_ANSWERS = /^[RENv]/

/** SQLSTATEs of a pooler: settings at the start of a connection refused, a prepared statement gone. */
export const isOfPooler = (error: unknown) => hasCode(error, /^(08P01|26000)$/)

/**
 * Connects to the first host that takes a connection and is not a standby.
 *
 * @param settings for the start of the connection; null where a pooler refuses them.
 * @throws the last host's failure.
 */
export async function openConnection(server: Server, settings: Settings | null): Promise<Connection> {
  const hosts = server.targets.length
  let failure: unknown
  for (const target of server.targets) {
    try {
      return await open(server, { target, settings, hosts })
    } catch (error) {
      if (settings && isOfPooler(error)) throw error
      failure = error
    }
  }
  throw failure
}

async function open(
  { encryption, login, parameters }: Server,
  { target, settings, hosts }: { target: Target; settings: Settings | null; hosts: number },
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
  }
  const client = postgres(options)

  Object.assign(client.options.parsers, codecs.parsers)
  Object.assign(client.options.serializers, codecs.serializers)

  let lost: Error | undefined
  let keepsSettings = false
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
        (rows) => {
          heardAt = performance.now()
          rejections.delete(reject)
          if (!isUnreplicated) return resolve(rows)
          isUnreplicated = false
          reject(new DatabaseUnavailable("committed, but a standby that has to confirm it did not"))
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

  const timer = setTimeout(
    () => lose(codedError("ETIMEDOUT", "the database did not complete the login in time")),
    ENTER_MS / hosts,
  )
  try {
    const rows = await send({ text: settings ? hello(settings) : `select ${PRIMARY_CHECK}`, asArrays: true })
    keepsSettings = settings !== null && (rows as boolean[][])[0]?.[1] === true
  } catch (error) {
    lose(error as Error)
    throw error
  } finally {
    clearTimeout(timer)
  }

  return {
    openedAt: performance.now(),
    keepsSettings,
    get heardAt() {
      return heardAt
    },
    get isLost() {
      return lost !== undefined
    },
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
      // A process must not end in the middle.
      socket.ref()
      await client.end({ timeout: 1 })
      lose(new DatabaseUnavailable("the connection was closed"))
    },
  }
}

/**
 * Whether a connection is in doubt after a failure: the server has turned read-only, or is or was a standby, as a new
 * connection may reach another; a prepared statement is gone; or it is not PostgreSQL that said so.
 */
const endsConnection = (error: Error) =>
  !(error instanceof postgres.PostgresError) ||
  /^(FATAL|PANIC)$/.test(error.severity) ||
  hasCode(error, /^25006$/) ||
  isOfPooler(error) ||
  isOfStandby(error)
