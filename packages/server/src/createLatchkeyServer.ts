import { createServer } from "./createServer.ts"
import { requireInstalled } from "./engine/requireInstalled.ts"
import { LIBRARY } from "./internals.ts"
import type { LatchkeyServerOptions } from "./options/options.ts"
import { readOptions } from "./options/readOptions.ts"
import type { LatchkeyServer } from "./types.ts"

/**
 * Creates a server's Latchkey. Opens nothing until it is used, so that modules can be imported during a build.
 *
 * @throws {TypeError} with every option that is wrong, or with the missing packages that the embedded database needs.
 */
export function createLatchkeyServer<const Scope extends string = never>(
  options: LatchkeyServerOptions<Scope>,
): LatchkeyServer<Scope> {
  const settings = readOptions(options)
  if (settings.database === "embedded") {
    requireInstalled("database", ["@electric-sql/pglite", "fs-native-extensions"])
  }
  return createServer(settings, { ...LIBRARY, mountedAt: settings.basePath })
    .latchkey as unknown as LatchkeyServer<Scope>
}
