import { existsSync } from "node:fs"
import { isCi } from "../env.ts"

const PATHS = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
  "/usr/local/bin/pgbouncer",
  "/opt/homebrew/bin/pgbouncer",
]

/** Finds PgBouncer in the usual places. */
export const findPgBouncer = (): string | undefined => PATHS.find((path) => existsSync(path))

/** Whether to run tests with PgBouncer. In CI they always run, and fail without it. */
export const runsPgBouncerTests = () => findPgBouncer() !== undefined || isCi()
