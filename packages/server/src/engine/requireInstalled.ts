import { createRequire } from "node:module"
import { OptionsError } from "../options/optionsError.ts"

const { resolve } = createRequire(import.meta.url)

/**
 * Checks that the application has installed packages that only an option needs. Loads none of them.
 *
 * @throws {OptionsError} about the option, with the command that installs what is missing.
 */
export function requireInstalled(option: string, packages: readonly string[]): void {
  const missing = packages.filter((name) => !isInstalled(name)).join(" ")
  if (missing === "") return
  throw new OptionsError([`${option}: expected packages that are not installed; run npm install ${missing}`])
}

function isInstalled(name: string): boolean {
  try {
    resolve(name)
    return true
  } catch (error) {
    // Any other error is about a package that is there.
    return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND"
  }
}
