import { fileURLToPath } from "node:url"

/** Found from `src` as from `dist`, since this file and the bundle are at the same depth. */
export const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url))
