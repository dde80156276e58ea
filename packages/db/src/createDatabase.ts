import { fileURLToPath } from "node:url"
import type { DatabaseHandle, DatabaseOptions } from "./database.ts"
import { createPool } from "./driver/createPool.ts"
import { createEmbedded } from "./embedded/createEmbedded.ts"
import { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "./schemaName.ts"

/**
 * Opens a database.
 *
 * @param url `postgres://…` for a PostgreSQL server or a pooler in front of one (connects on first use), or
 *   `file://…` for the folder of an embedded database, which this process then locks until `close`.
 * @throws {DataFolderInUse} when another process uses the folder.
 * @throws {TypeError} about a wrong option, named.
 */
export async function createDatabase(url: string, options: DatabaseOptions = {}): Promise<DatabaseHandle> {
  const { schema = DEFAULT_SCHEMA, maxConnections = 10 } = options
  if (!isSchemaName(schema)) throw new TypeError(`schema: ${SCHEMA_NAME_RULE}`)
  if (!Number.isInteger(maxConnections) || maxConnections < 1) {
    throw new TypeError("maxConnections: expected a whole number of at least 1")
  }
  const checked = { ...options, schema, maxConnections }
  return url.startsWith("file:") ? createEmbedded(fileURLToPath(url), checked) : createPool(url, checked)
}
