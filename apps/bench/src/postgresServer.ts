import { startPostgres } from "@latchkey/test-postgres"
import postgres, { type Sql } from "postgres"

/**
 * As in production where it counts: every commit reaches the disk. Autovacuum is off, as it would fall upon one
 * contender or another by chance; every table is vacuumed and analysed after it is filled.
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
  /** Its first process. */
  pid: number
  /** The superuser's connection to the maintenance database. */
  sql: Sql
  /** Makes a database; the URL is its superuser's. */
  createDatabase(name: string): Promise<string>
  /** Makes a user that may do all, so that what one contender does is told from what another does. */
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

/** A database's URL with another user or database in it. */
export function withParts(url: string, parts: { user?: string; database?: string }): string {
  const changed = new URL(url)
  if (parts.user !== undefined) changed.username = parts.user
  if (parts.database !== undefined) changed.pathname = `/${parts.database}`
  return changed.href
}
