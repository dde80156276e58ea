import { connect } from "./connect.ts"
import type { TestPostgres } from "./startPostgres.ts"

/** Runs a program, such as as the user of a server. */
export type Run = (program: string, parameters: string[]) => Promise<unknown>

/** Without the WAL, which is streamed or archived. */
const COPY = `cd "$1" && tar -c --exclude=./postmaster.* --exclude=./pg_wal/0* . | tar -x -C "$2"`

const LABEL = `cd "$1" && printf %s "$2" >backup_label`

/** Makes a base backup of a running server, by PostgreSQL's functions for that. */
export async function copyData(primary: TestPostgres, data: string, run: Run): Promise<void> {
  const sql = connect(primary.url)
  try {
    await sql`select pg_backup_start('copy', true)`
    await run("sh", ["-c", COPY, "sh", primary.data, data])
    const [backup] = await sql`select labelfile from pg_backup_stop()`
    await run("sh", ["-c", LABEL, "sh", data, backup?.labelfile])
  } finally {
    await sql.end()
  }
}
