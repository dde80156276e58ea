import { examineDatabase, findReplication, findRolesWithRights, ping } from "@latchkey/db"
import { warningAbout } from "../engine/watchReplication.ts"
import { defineCommand } from "./command.ts"
import { explain, withDatabase } from "./withDatabase.ts"

/** One finding. `warning`: it works, but needs attention. */
interface Check {
  name: string
  result: "ok" | "warning" | "failed"
  details?: string
}

const ok = (name: string, details?: string): Check => ({ name, result: "ok", ...(details && { details }) })
const warning = (name: string, details: string): Check => ({ name, result: "warning", details })

/**
 * `doctor [--database] [--json]`: checks whether a server can use the database that the environment names; with
 * `--database`, also whether it has everything that Latchkey's SQL needs. Changes nothing. Exits with 0 if everything
 * works, with 2 if there are warnings, and with 1 if something has failed.
 */
export const doctor = defineCommand({
  about: "Checks whether a server can use the database, without changing anything.",
  options: {
    database: { type: "boolean", about: "also try everything that Latchkey's SQL needs" },
  },
  exitsWith2: "there are warnings",
  async run({ options }, { variables }) {
    const checks: Check[] = []
    try {
      await withDatabase(variables, async (database) => {
        const { db } = database
        await ping(db)
        checks.push(ok("a primary answers"))
        const pending = await database.pendingMigrations()
        checks.push(
          pending.length === 0
            ? ok("the schema is current")
            : warning(
                "the schema is current",
                `${pending.length} migrations are pending; run latchkey migrate`,
              ),
        )
        const replication = await findReplication(db, undefined).catch(() => undefined)
        const lost = replication && warningAbout(replication, false)
        checks.push(
          lost
            ? warning("revocations survive a failover", lost)
            : ok("revocations survive a failover", DEPENDS),
        )
        const roles = await findRolesWithRights(db, undefined)
        checks.push(
          roles.length === 0
            ? ok("no other role has rights on the tables or the schema")
            : warning("no other role has rights on the tables or the schema", roles.join(", ")),
        )
        if (!options.database) return
        for (const { name, purpose, failure, isOptional } of await examineDatabase(db)) {
          const details = `${purpose} (${failure})`
          if (failure === null) checks.push(ok(name))
          else checks.push(isOptional ? warning(name, details) : { name, result: "failed", details })
        }
      })
    } catch (error) {
      checks.push({
        name: "the database can be used",
        result: "failed",
        details: explain(error, "the check"),
      })
    }
    const isFailed = ({ result }: Check) => result === "failed"
    return {
      exitCode: checks.some(isFailed) ? 1 : checks.some(({ result }) => result === "warning") ? 2 : 0,
      lines: checks.filter((check) => !isFailed(check)).map(lineOf),
      errors: checks.filter(isFailed).map(lineOf),
      json: { checks },
    }
  },
})

const DEPENDS = "as far as PostgreSQL tells; it does not see standbys at the level of storage"

const lineOf = ({ name, result, details }: Check): string =>
  `${result.padEnd(7)}  ${name}${details === undefined ? "" : `: ${details}`}`
