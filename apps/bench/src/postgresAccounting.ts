import { readFile } from "node:fs/promises"
import type { Sql } from "postgres"

/** The work of PostgreSQL for one of its users since the benchmark started. */
export interface PostgresUsage {
  /** Statements executed, from `pg_stat_statements`, including `begin` and `commit`. */
  statements: number
  /** Rows that they inserted, updated or deleted. */
  rowsWritten: number
  /** Written rows that no request waited for: times of last use, usage, and the counters of limits. */
  rowsWrittenInBackground: number
  /** CPU time of the user's backends, from the kernel; null except on Linux. */
  cpuMicros: number | null
}

/** Accounts PostgreSQL's work to its users. Background processes, which serve all users, are not counted. */
export function createPostgresAccounting(sql: Sql) {
  /** The last known CPU time of each backend, by user. Backends that have exited still count. */
  const backends = new Map<string, Map<number, number>>()

  async function readCpu(user: string): Promise<number | null> {
    const seen = backends.get(user) ?? new Map<number, number>()
    backends.set(user, seen)
    const rows = await sql<{ pid: number }[]>`select pid from pg_stat_activity where usename = ${user}`
    for (const { pid } of rows) {
      const nanoseconds = await readCpuOf(pid)
      if (nanoseconds === null) return null
      seen.set(pid, nanoseconds)
    }
    return [...seen.values()].reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1000
  }

  return async (user: string): Promise<PostgresUsage> => {
    const [row] = await sql<{ statements: number; written: number; background: number }[]>`
      select
        coalesce(sum(calls), 0)::float8 as statements,
        coalesce(sum(rows) filter (where query ~* '^(insert|update|delete) '), 0)::float8 as written,
        coalesce(sum(rows) filter (where query ~* '^(update "api_keys" set "last_used_at" =|insert into "(key_usage|api_key_counters)")'), 0)::float8 as background
      from pg_stat_statements s join pg_roles r on r.oid = s.userid
      where r.rolname = ${user}`
    return {
      statements: row?.statements ?? 0,
      rowsWritten: row?.written ?? 0,
      rowsWrittenInBackground: row?.background ?? 0,
      cpuMicros: await readCpu(user),
    }
  }
}

/** CPU time in nanoseconds. `/proc/<pid>/stat` only has hundredths of a second. */
async function readCpuOf(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null
  try {
    return Number((await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ")[0])
  } catch (error) {
    // The backend exited after it was listed.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0
    throw error
  }
}
