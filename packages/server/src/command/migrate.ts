import { codeOf, createDatabase, DatabaseUnusable, DatabaseUrlError, parseDatabaseUrl } from "@latchkey/db"
import { readMigrationEnv } from "./env.ts"
import type { Command } from "./io.ts"

/** `migrate [--check]`: exits with 0 when the schema is current, with 2 when `--check` finds something pending. */
export const migrate: Command = async (args, { variables, print, printError }) => {
  if (args.length > 1 || (args[0] ?? "--check") !== "--check") return null
  const { databaseUrl, schema } = readMigrationEnv(variables)
  try {
    if (databaseUrl === undefined)
      throw new DatabaseUrlError("expected a URL, here or in DATABASE_MIGRATION_URL")
    parseDatabaseUrl(databaseUrl)
    const database = await createDatabase(databaseUrl, { schema })
    try {
      const pending = await database.pendingMigrations()
      for (const step of pending) print(args.length > 0 ? `pending: ${step}` : step)
      if (pending.length === 0) print("the schema is current")
      else if (args.length > 0) return 2
      else await database.migrate()
      return 0
    } finally {
      await database.close()
    }
  } catch (error) {
    printError(explain(error))
    return 1
  }
}

/** A line about a failure. Messages of PostgreSQL and of the driver may contain values, so it has their codes alone. */
function explain(error: unknown): string {
  if (error instanceof DatabaseUnusable || error instanceof DatabaseUrlError)
    return `DATABASE_URL: ${error.message}`
  if (error instanceof TypeError && error.message.startsWith("schema:"))
    return `DATABASE_SCHEMA: ${error.message.slice(8)}`
  return `DATABASE_URL: the migration failed (${codeOf(error) ?? "unknown error"})`
}
