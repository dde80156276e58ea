import type { OpenEmbedded } from "./createEmbedded.ts"

/** Opens a new embedded database in memory. */
export async function openInMemory(): Promise<OpenEmbedded> {
  const { PGlite } = await import("@electric-sql/pglite")
  const client = await PGlite.create()
  return { client, close: () => client.close() }
}
