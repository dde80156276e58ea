import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folderAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Beside `src` or `dist` of this package, or of the published one. */
const beside = folderAt("../migrations")

/** In this package, on which the standalone's bundle depends. */
const installed = folderAt("../node_modules/@latchkey/db/migrations")

export const migrationsFolder = existsSync(beside) ? beside : installed
