import type { Database } from "../database.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { poolOf, setPool } from "./pool.ts"

/**
 * For tests of applications: makes a database behave as if it were unreachable.
 *
 * @returns the function that begins or ends the outage.
 */
export function simulateOutage(db: Database): (isOut: boolean) => void {
  const pool = poolOf(db)
  if (!pool) throw new TypeError("a transaction has no outages of its own")
  return (isOut) =>
    setPool(
      db,
      isOut ? { ...pool, run: async () => Promise.reject(new DatabaseUnavailable("simulated")) } : pool,
    )
}
