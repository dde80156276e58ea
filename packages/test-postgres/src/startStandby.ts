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
  return launchPostgres([`primary_conninfo=${source}`], async ({ data, run }) => {
    await copyData(primary, data, run)
    await writeFile(join(data, "standby.signal"), "")
  })
}
