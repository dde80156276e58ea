import { existsSync } from "node:fs"

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]

/** A Chromium that browser tests can drive: `CHROMIUM_PATH`, or one where systems put it. */
export const findChromium = (): string | undefined =>
  [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path !== undefined && existsSync(path))

/** Whether browser tests run. In CI they always do, and fail where there is no Chromium. */
export const runsBrowserTests = () => findChromium() !== undefined || process.env.CI === "true"
