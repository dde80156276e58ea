import type { OpenEmbedded } from "./createEmbedded.ts"
import { openPGlite } from "./openPGlite.ts"

/** Opens a new embedded database in memory. */
export async function openInMemory(): Promise<OpenEmbedded> {
  const client = await openPGlite()
  return { client, close: () => client.close() }
}
