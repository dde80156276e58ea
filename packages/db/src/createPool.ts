import { drizzle } from "drizzle-orm/postgres-js"
import postgres, { type Sql } from "postgres"
import type { DatabaseHandle, DatabaseOptions } from "./createDatabase.ts"
import { createSlots } from "./createSlots.ts"
import { parseDatabaseUrl, type ServerOptions } from "./databaseUrl.ts"
import { giveUpLate } from "./giveUpLate.ts"
import { migrateDatabase } from "./migrateDatabase.ts"
import { openSocket, openWatchedSocket } from "./openSocket.ts"
import { type Pool, setPool, WAITING } from "./pool.ts"
import { isOfNoSession } from "./query.ts"
import { LIMITS } from "./sessionLimits.ts"

/** Connections; as many queries run at once. */
const SIZE = 10

/** What both kinds of connection have; seconds. `socket` and lists of hosts are documented, and missing from the types. */
const COMMON = { connect_timeout: 3, fetch_types: false, onnotice: () => {} }

/** Opens a pool of connections to a PostgreSQL server, or to a pooler in front of one. Connects on first use. */
export function createPool(url: string, { onQuery }: DatabaseOptions): DatabaseHandle {
  const server = parseDatabaseUrl(url).options
  const options = {
    ...server,
    ...COMMON,
    max: SIZE,
    // postgres.js waits up to 20 s between attempts unless told; recovery has to be quicker than that.
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 0.5),
    keep_alive: 15,
    socket: openWatchedSocket,
    connection: { ...server.connection, ...LIMITS },
  }
  const client = postgres(options as object)
  giveUpLate(client)
  const db = drizzle(client)
  const pool: Pool = {
    slots: createSlots({ size: SIZE, ...WAITING }),
    hasSessions: true,
    forgoSessions() {
      pool.hasSessions = false
      // postgres.js reads both whenever it sends a statement or opens a connection.
      client.options.prepare = false
      for (const name of Object.keys(LIMITS)) delete client.options.connection[name]
    },
    onQuery,
  }
  setPool(db, pool)
  return {
    db,
    async migrate() {
      await migrateOver(server)
      if (!(await hasSessions(client))) pool.forgoSessions()
      await client.unsafe("select 1")
    },
    usage: () => pool.slots.usage(),
    close: () => client.end({ timeout: 1 }),
  }
}

/**
 * Whether a session keeps what it was given at its start. PgBouncer refuses settings that it does not know, or,
 * told to ignore them, drops them; either way statements of one session may run on many, in transaction mode.
 */
async function hasSessions(client: Sql): Promise<boolean> {
  try {
    const [row] = await client.unsafe("select source from pg_settings where name = 'statement_timeout'")
    return row?.source === "client"
  } catch (error) {
    if (isOfNoSession(error)) return false
    throw error
  }
}

/** Over a connection of its own, for which the limits of a query do not hold: an index may take its time. */
async function migrateOver(server: ServerOptions) {
  const options = { ...server, ...COMMON, max: 1, connect_timeout: 5, prepare: false, socket: openSocket }
  const client = postgres(options as object)
  try {
    await migrateDatabase(drizzle(client))
  } finally {
    await client.end({ timeout: 1 })
  }
}
