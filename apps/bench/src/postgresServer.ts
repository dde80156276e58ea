import { startPostgres } from "@latchkey/test-postgres"
import postgres, { type Sql } from "postgres"

/**
 * Like production, every commit reaches the disk. Autovacuum is off, because it would slow down random contenders;
 * instead, every table is vacuumed and analysed after it is seeded.
 */
const SETTINGS = [
  "fsync=on",
  "synchronous_commit=on",
  "shared_buffers=1GB",
  "max_wal_size=8GB",
  "checkpoint_timeout=30min",
  "max_connections=400",
  "autovacuum=off",
  "shared_preload_libraries=pg_stat_statements",
  "pg_stat_statements.track=top",
]

/** The benchmark's PostgreSQL. */
export interface PostgresServer extends AsyncDisposable {
  version: string
  /** The postmaster's process id. */
  pid: number
  /** The maintenance database, as superuser. */
  sql: Sql
  /** Creates a database and returns its URL for the superuser. */
  createDatabase(name: string): Promise<string>
  /** Creates a superuser for a contender, so that its statements are counted separately. */
  createUser(name: string): Promise<void>
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const server = await startPostgres(SETTINGS)
  const sql = postgres(server.url, { max: 2, onnotice: () => {} })
  try {
    await sql`create extension pg_stat_statements`
    const [row] = await sql<{ server_version: string }[]>`show server_version`
    return {
      version: row?.server_version ?? "unknown",
      pid: server.pid,
      sql,
      async createDatabase(name) {
        await sql`create database ${sql(name)}`
        return withParts(server.url, { database: name })
      },
      async createUser(name) {
        await sql`create role ${sql(name)} superuser login`
      },
      async [Symbol.asyncDispose]() {
        await sql.end({ timeout: 1 })
        await server[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** Replaces the user or database in a URL. */
export function withParts(url: string, parts: { user?: string; database?: string }): string {
  const changed = new URL(url)
  if (parts.user !== undefined) changed.username = parts.user
  if (parts.database !== undefined) changed.pathname = `/${parts.database}`
  return changed.href
}
