import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { chromiumPath, isCi, programPath } from "../env.ts"

/** The headless shell first, since it has no window to draw: a test takes half the CPU time. */
const NAMES = [
  ...["chromium-headless-shell", "chrome-headless-shell"],
  ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
]

const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]

/** Finds Chromium at `CHROMIUM_PATH`, on the `PATH`, or in a usual place. */
export function findChromium(): string | undefined {
  const folders = programPath().split(delimiter)
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [chromiumPath(), ...onPath, ...PATHS].find((path) => path && existsSync(path))
}

/** Whether to run browser tests. In CI they always run, and fail without Chromium. */
export const runsBrowserTests = () => findChromium() !== undefined || isCi()
