import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** In the published package, in the repository from `dist`, and in the repository from `src`. */
const FOLDERS = ["./dashboard", "../../../apps/dashboard/dist"]

/** The folder of the built dashboard; null if it has not been built, as when running from source. */
export function dashboardFolder(): string | null {
  const folders = FOLDERS.map((folder) => fileURLToPath(new URL(folder, import.meta.url)))
  return folders.find((folder) => existsSync(`${folder}/index.html`)) ?? null
}
