import { fileURLToPath } from "node:url"
import type { DatabaseHandle, DatabaseOptions } from "./database.ts"
import { createPool } from "./driver/createPool.ts"
import { createEmbedded } from "./embedded/createEmbedded.ts"

/**
 * Opens a database.
 *
 * @param url `postgres://…` for a PostgreSQL server or a pooler in front of one (connects on first use), or
 *   `file://…` for the folder of an embedded database, which this process then locks until `close`.
 * @throws {DataFolderInUse} when another process uses the folder.
 */
export async function createDatabase(url: string, options: DatabaseOptions = {}): Promise<DatabaseHandle> {
  return url.startsWith("file:") ? createEmbedded(fileURLToPath(url), options) : createPool(url, options)
}
