import { PGlite } from "@electric-sql/pglite"
import type { OpenEmbedded } from "./createEmbedded.ts"

/** Opens a new embedded database in memory. */
export async function openInMemory(): Promise<OpenEmbedded> {
  const client = await PGlite.create()
  return { client, close: () => client.close() }
}
