import { createServer } from "./createServer.ts"
import { LIBRARY } from "./internals.ts"
import type { LatchkeyServerOptions } from "./options/options.ts"
import { readOptions } from "./options/readOptions.ts"
import type { LatchkeyServer } from "./types.ts"

/**
 * Creates a server's Latchkey. Opens nothing until it is used, so that modules can be imported during a build.
 *
 * @throws {TypeError} with every option that is wrong.
 */
export function createLatchkeyServer<const Scope extends string = never>(
  options: LatchkeyServerOptions<Scope>,
): LatchkeyServer<Scope> {
  const settings = readOptions(options)
  return createServer(settings, { ...LIBRARY, mountedAt: settings.basePath })
    .latchkey as unknown as LatchkeyServer<Scope>
}
