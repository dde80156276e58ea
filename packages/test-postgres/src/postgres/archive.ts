import { execFile } from "node:child_process"
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { connect } from "./connect.ts"
import { copyData } from "./copyData.ts"
import { launchPostgres, startPostgres, type TestPostgres } from "./startPostgres.ts"

const runHere = (program: string, parameters: string[]) => promisify(execFile)(program, parameters)

/** Starts a server that archives its WAL, from which a point in time can be recovered. */
export async function startArchiving() {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-archive-"))
  const [archive, base] = [join(folder, "archive"), join(folder, "base")]
  for (const path of [folder, archive, base]) {
    await mkdir(path, { recursive: true })
    await chmod(path, 0o777)
  }
  const postgres = await startPostgres(["archive_mode=on", `archive_command=cp %p ${archive}/%f`])
  return {
    postgres,
    /** Makes a base backup. */
    backUp: () => copyData(postgres, base, runHere),
    /** Archives all WAL, and stops the server. */
    async stop() {
      const sql = connect(postgres.url)
      await sql`select pg_switch_wal()`
      await sql.end()
      // A server that stops archives what is left.
      await postgres.stop()
    },
    /** Recovers the base backup up to a time, as another server. */
    recover: (time: string): Promise<TestPostgres> =>
      launchPostgres(
        [
          `restore_command=cp ${archive}/%f %p`,
          `recovery_target_time=${time}`,
          "recovery_target_action=promote",
        ],
        async ({ data, run }) => {
          await run("sh", ["-c", 'cd "$1" && tar -c . | tar -x -C "$2"', "sh", base, data])
          await writeFile(join(data, "recovery.signal"), "")
        },
      ),
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
