import { connect } from "./connect.ts"
import { launchPostgres, type TestPostgres } from "./startPostgres.ts"

/**
 * Starts a standby that streams from a server, with a copy of its data. `select pg_wal_replay_pause()` makes it lag.
 *
 * @param name its name for the primary's `synchronous_standby_names`.
 */
export const startStandby = (primary: TestPostgres, name = "standby"): Promise<TestPostgres> => {
  const { port } = new URL(primary.url)
  const source = `host=127.0.0.1 port=${port} user=postgres application_name=${name}`
  return launchPostgres([`primary_conninfo=${source}`], async ({ data, run }) => {
    const sql = connect(primary.url)
    try {
      await sql`select pg_backup_start('standby', true)`
      await run("sh", ["-c", COPY, "sh", primary.data, data])
      const [backup] = await sql`select labelfile from pg_backup_stop()`
      await run("sh", ["-c", FINISH, "sh", data, backup?.labelfile])
    } finally {
      await sql.end()
    }
  })
}

/** Without the WAL, which is streamed. */
const COPY = `cd "$1" && tar -c --exclude=./postmaster.* --exclude=./pg_wal/0* . | tar -x -C "$2"`

const FINISH = `cd "$1" && printf %s "$2" >backup_label && touch standby.signal`
