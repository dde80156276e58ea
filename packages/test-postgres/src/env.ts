/** Whether the tests run in CI, where a missing program fails the tests that need it. */
export const isCi = () => process.env.CI === "true"

/** The path of the browser for tests; undefined if it has to be found. */
export const chromiumPath = () => process.env.CHROMIUM_PATH

/** The folders of programs, as one text. */
export const programPath = () => process.env.PATH ?? ""
