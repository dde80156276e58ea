import { fileURLToPath } from "node:url"
import type { DatabaseHandle, DatabaseOptions } from "./database.ts"
import { createPool } from "./driver/createPool.ts"
import { createEmbedded } from "./embedded/createEmbedded.ts"
import { openEmbedded } from "./embedded/openEmbedded.ts"
import { openInMemory } from "./embedded/openInMemory.ts"
import { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "./schemaName.ts"

/** The URL of a new embedded database in memory, for tests. */
export const IN_MEMORY = "memory:"

/**
 * Opens a database.
 *
 * @param url `postgres://…` for a PostgreSQL server or a pooler in front of one (connects on first use), `file://…` for
 *   the folder of an embedded database, which this process locks until `close`, or `IN_MEMORY`.
 * @throws {DataFolderInUse} when another process uses the folder.
 * @throws {TypeError} that names the wrong option.
 */
export async function createDatabase(url: string, options: DatabaseOptions = {}): Promise<DatabaseHandle> {
  const { schema = DEFAULT_SCHEMA, maxConnections = 10 } = options
  if (!isSchemaName(schema)) throw new TypeError(`schema: ${SCHEMA_NAME_RULE}`)
  if (!Number.isInteger(maxConnections) || maxConnections < 1) {
    throw new TypeError("maxConnections: expected a whole number of at least 1")
  }
  const checked = { ...options, schema, maxConnections }
  if (url !== IN_MEMORY && !url.startsWith("file:")) return createPool(url, checked)
  // These import the packages of the embedded database only when they are called, because applications on a PostgreSQL
  // server need not install them.
  const opened = url === IN_MEMORY ? await openInMemory() : await openEmbedded(fileURLToPath(url))
  return createEmbedded(opened, checked)
}
