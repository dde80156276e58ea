import {
  codeOf,
  createDatabase,
  type DatabaseHandle,
  DatabaseUnusable,
  DatabaseUrlError,
  parseDatabaseUrl,
} from "@latchkey/db"
import { readDatabaseEnv } from "./env.ts"

/** Runs a command on the database that the environment names. @throws for what `explain` describes. */
export async function withDatabase<Result>(
  variables: NodeJS.ProcessEnv,
  run: (database: DatabaseHandle) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl, schema } = readDatabaseEnv(variables)
  if (databaseUrl === undefined)
    throw new DatabaseUrlError("expected a URL, here or in DATABASE_MIGRATION_URL")
  parseDatabaseUrl(databaseUrl)
  const database = await createDatabase(databaseUrl, { schema })
  try {
    return await run(database)
  } finally {
    await database.close()
  }
}

/**
 * A line about a failure. Messages of PostgreSQL and of the driver may contain values, so it has their codes alone.
 *
 * @param subject what has failed, if neither variable is wrong.
 */
export function explain(error: unknown, subject: string): string {
  if (error instanceof DatabaseUnusable || error instanceof DatabaseUrlError)
    return `DATABASE_URL: ${error.message}`
  if (error instanceof TypeError && error.message.startsWith("schema:"))
    return `DATABASE_SCHEMA: ${error.message.slice(8)}`
  return `DATABASE_URL: ${subject} failed (${codeOf(error) ?? "unknown error"})`
}
