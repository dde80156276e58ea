import { codeOf, createDatabase, DatabaseUnusable, DatabaseUrlError, parseDatabaseUrl } from "@latchkey/db"
import { readMigrationEnv } from "./env.ts"

const USAGE = "usage: latchkey migrate [--check]"

interface CommandIo {
  variables: NodeJS.ProcessEnv
  print(line: string): void
  printError(line: string): void
}

/**
 * Runs the command `latchkey`.
 *
 * @returns the exit code: 0 when the schema is current, 2 when `--check` finds something pending, 1 for a failure.
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<0 | 1 | 2> {
  const [command, ...flags] = args
  if (command !== "migrate" || flags.length > 1 || (flags[0] ?? "--check") !== "--check") {
    io.printError(USAGE)
    return 1
  }
  const { databaseUrl, schema } = readMigrationEnv(io.variables)
  try {
    if (databaseUrl === undefined)
      throw new DatabaseUrlError("expected a URL, here or in DATABASE_MIGRATION_URL")
    parseDatabaseUrl(databaseUrl)
    const database = await createDatabase(databaseUrl, { schema })
    try {
      const pending = await database.pendingMigrations()
      for (const step of pending) io.print(flags.length > 0 ? `pending: ${step}` : step)
      if (pending.length === 0) io.print("the schema is current")
      else if (flags.length > 0) return 2
      else await database.migrate()
      return 0
    } finally {
      await database.close()
    }
  } catch (error) {
    io.printError(explain(error))
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
