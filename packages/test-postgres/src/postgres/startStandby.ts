import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { copyData } from "./copyData.ts"
import { launchPostgres, type TestPostgres } from "./startPostgres.ts"

/**
 * Starts a standby that streams from a server, with a copy of its data. `select pg_wal_replay_pause()` makes it lag.
 *
 * @param name its name for the primary's `synchronous_standby_names`.
 */
export const startStandby = (primary: TestPostgres, name = "standby"): Promise<TestPostgres> => {
  const { port } = new URL(primary.url)
  const source = `host=127.0.0.1 port=${port} user=postgres application_name=${name}`
  // What is replayed never cancels a statement, which by default it may, also `pg_promote`.
  const patience = ["max_standby_streaming_delay=-1", "max_standby_archive_delay=-1"]
  return launchPostgres([`primary_conninfo=${source}`, ...patience], async ({ data, run }) => {
    await copyData(primary, data, run)
    await writeFile(join(data, "standby.signal"), "")
  })
}
