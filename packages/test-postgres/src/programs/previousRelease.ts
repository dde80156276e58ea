import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The commit of the previous release. */
const PREVIOUS = "2ea621b"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Whether the repository here has that commit: a shallow clone does not. */
export function hasPreviousRelease(): boolean {
  try {
    execFileSync("git", ["cat-file", "-e", `${PREVIOUS}^{commit}`], { cwd: root, stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/**
 * Puts the source of the previous release into a temporary folder, and installs what its standalone server depends on.
 *
 * @returns the folder, and how to remove it.
 */
export function checkOutPreviousRelease() {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-previous-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const archive = execFileSync("git", ["archive", PREVIOUS], { cwd: root, maxBuffer: 2 ** 30 })
  execFileSync("tar", ["-x", "-C", folder], { input: archive })
  const install = ["install", "--frozen-lockfile", "--prefer-offline", "--ignore-scripts", "--prod=false"]
  execFileSync("npm", ["run", "--silent", "pnpm", "--", ...install, "--filter", "@latchkey/standalone..."], {
    cwd: folder,
    stdio: "ignore",
  })
  return { folder, remove }
}
