import type { PGlite, PGliteOptions } from "@electric-sql/pglite"

/** PGlite fills all of its buffers at the start, in the server's own process. Its default is 128 MB. */
const SHARED_BUFFERS = "32MB"

/** Opens PGlite, in memory by default. The package is loaded only now, because most installations don't need it. */
export async function openPGlite(options: PGliteOptions = {}): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite")
  const startParams = [...PGlite.defaultStartParams, "-c", `shared_buffers=${SHARED_BUFFERS}`]
  return PGlite.create({ ...options, startParams })
}
