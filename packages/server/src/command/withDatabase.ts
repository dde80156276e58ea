import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import {
  codeOf,
  createDatabase,
  type DatabaseHandle,
  DatabaseUnavailable,
  DatabaseUnusable,
  DatabaseUrlError,
  DataFolderInUse,
  parseDatabaseUrl,
} from "@latchkey/db"
import { readDatabaseEnv, readDataFolder } from "./env.ts"

/** Runs a command on the database that the environment names. @throws for everything that `explain` describes. */
export async function withDatabase<Result>(
  variables: NodeJS.ProcessEnv,
  run: (database: DatabaseHandle) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl, ...options } = readDatabaseEnv(variables)
  if (databaseUrl === undefined)
    throw new DatabaseUrlError("expected a URL, here or in DATABASE_MIGRATION_URL")
  parseDatabaseUrl(databaseUrl)
  const database = await createDatabase(databaseUrl, options)
  try {
    return await run(database)
  } finally {
    await database.close()
  }
}

/** The same for a command that needs the current schema. */
export const withCurrentDatabase = <Result>(
  variables: NodeJS.ProcessEnv,
  run: (database: DatabaseHandle) => Promise<Result>,
): Promise<Result> =>
  withDatabase(variables, async (database) => {
    if ((await database.pendingMigrations()).length > 0)
      throw new DatabaseUnusable("the schema is not current; run latchkey migrate first")
    return run(database)
  })

/**
 * The same, or on the embedded database in `DATA_DIR` if no URL is set. Its server must be stopped. It must also have
 * created the database, because any other directory would become a new database without accounts.
 */
export async function withAccounts<Result>(
  variables: NodeJS.ProcessEnv,
  run: (database: DatabaseHandle) => Promise<Result>,
): Promise<Result> {
  const folder = readDataFolder(variables)
  const { databaseUrl, schema } = readDatabaseEnv(variables)
  if (databaseUrl !== undefined || folder === undefined) return withCurrentDatabase(variables, run)
  if (!existsSync(join(folder, "db"))) {
    throw new DataFolderUnusable("expected the folder of a server that has run with it")
  }
  try {
    return await withEmbedded(folder, schema, run)
  } catch (error) {
    throw error instanceof DatabaseUnusable ? new DataFolderUnusable(error.message, { cause: error }) : error
  }
}

async function withEmbedded<Result>(
  folder: string,
  schema: string | undefined,
  run: (database: DatabaseHandle) => Promise<Result>,
): Promise<Result> {
  const database = await createDatabase(pathToFileURL(folder).href, { schema })
  try {
    if ((await database.pendingMigrations()).length > 0) {
      throw new DataFolderUnusable(
        "the schema is not current; start and stop this version of the server first",
      )
    }
    return await run(database)
  } finally {
    await database.close()
  }
}

/** A data directory that a command can't use as it is. The message says why, without secrets. */
class DataFolderUnusable extends Error {
  override name = "DataFolderUnusable"
}

/**
 * A line about a failure. It contains only the codes of PostgreSQL and of the driver, because their messages may
 * contain values.
 *
 * @param subject what has failed, if neither variable is wrong.
 */
export function explain(error: unknown, subject: string): string {
  if (error instanceof DatabaseUnusable || error instanceof DatabaseUrlError)
    return `DATABASE_URL: ${error.message}`
  if (error instanceof TypeError && error.message.startsWith("schema:"))
    return `DATABASE_SCHEMA: ${error.message.slice(8)}`
  if (error instanceof DataFolderUnusable) return `DATA_DIR: ${error.message}`
  if (error instanceof DataFolderInUse) return "DATA_DIR: a server uses this folder; stop it first"
  const problem = error instanceof DatabaseUnavailable ? error.message : "unknown error"
  return `DATABASE_URL: ${subject} failed (${codeOf(error) ?? problem})`
}
