import { fileURLToPath } from "node:url"

/** Works from `src` and from `dist`, since this file and the bundle are at the same depth. */
export const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url))
