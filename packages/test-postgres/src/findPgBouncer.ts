import { existsSync } from "node:fs"

const PLACES = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
  "/usr/local/bin/pgbouncer",
  "/opt/homebrew/bin/pgbouncer",
]

/** A PgBouncer where systems put it. */
export const findPgBouncer = (): string | undefined => PLACES.find((path) => existsSync(path))

/** Whether tests with PgBouncer run. In CI they always do, and fail where there is none. */
export const runsPgBouncerTests = () => findPgBouncer() !== undefined || process.env.CI === "true"
