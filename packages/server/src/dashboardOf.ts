import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Dashboard } from "@latchkey/api"
import type { Settings } from "./options/readOptions.ts"

/** In the published package, in the repository from `dist`, and in the repository from `src`. */
const FOLDERS = ["./dashboard", "../../../apps/dashboard/dist"]

/** The directory of the built dashboard; null if it has not been built, as when running from source. */
function findFolder(): string | null {
  const folders = FOLDERS.map((folder) => fileURLToPath(new URL(folder, import.meta.url)))
  return folders.find((folder) => existsSync(`${folder}/index.html`)) ?? null
}

/** The dashboard of a server; null if it is off or has not been built. */
export function dashboardOf(
  { dashboard, product, passwords, identify }: Settings,
  accounts: Pick<Dashboard["settings"], "registration" | "sendsMail">,
): Dashboard | null {
  const folder = dashboard ? findFolder() : null
  if (folder === null) return null
  const signIn = passwords === "on" ? "password" : identify ? "host" : "none"
  return { folder, settings: { product, signIn, ...accounts } }
}
