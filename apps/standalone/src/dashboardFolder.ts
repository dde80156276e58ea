import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** The folder of the built dashboard; null if it has not been built, as when running from source. */
export function dashboardFolder(): string | null {
  const packageJson = createRequire(import.meta.url).resolve("@latchkey/dashboard/package.json")
  const folder = join(dirname(packageJson), "dist")
  return existsSync(join(folder, "index.html")) ? folder : null
}
