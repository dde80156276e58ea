import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The commit of the previous release. */
const PREVIOUS = "2e36f27"

const root = fileURLToPath(new URL("../../..", import.meta.url))

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
 * Puts the source of the previous release into a temporary folder, with the dependencies of this one.
 *
 * @returns the folder, and how to remove it.
 */
export function checkOutPreviousRelease() {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-previous-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const archive = execFileSync("git", ["archive", PREVIOUS, "package.json", "packages", "apps/standalone"], {
    cwd: root,
    maxBuffer: 2 ** 30,
  })
  execFileSync("tar", ["-x", "-C", folder], { input: archive })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(folder, group))) {
      const modules = join(root, group, name, "node_modules")
      if (!existsSync(modules)) continue
      // The links are relative, so that those to other packages lead to the previous ones.
      mkdirSync(join(folder, group, name), { recursive: true })
      const copy = join(folder, group, name, "node_modules")
      cpSync(modules, copy, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !path.endsWith("/.cache"),
      })
    }
  }
  return { folder, remove }
}
