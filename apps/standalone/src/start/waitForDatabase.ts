import { setTimeout as sleep } from "node:timers/promises"
import { codeOf, DatabaseUnavailable, isOfStandby } from "@latchkey/db"
import type { Log } from "../log.ts"
import { explainDatabaseFailure } from "./explainStartFailure.ts"

/**
 * Error codes of a database that may be starting up, perhaps behind a proxy, or whose standby is being promoted. All
 * other codes, such as that of a wrong password, point to the configuration.
 */
const COMING_UP =
  /^(ENOTFOUND|EAI_AGAIN|ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|25006|57P0[123]|53300|080(01|03|04|06))$/

export const WAIT_MS = 60_000
const RETRY_MS = 500

/** Whether a query was not answered in time, perhaps because of a lock, a lost standby or a busy disk. */
const isSlow = (error: unknown) => error instanceof DatabaseUnavailable

/**
 * Runs `open`, and retries while the database seems to be starting up. The reason for the wait is logged, and again
 * when it changes.
 *
 * @param options.waitMs how many milliseconds to retry.
 * @param options.signal ends the wait.
 */
export async function waitForDatabase<Opened>(
  open: () => Promise<Opened>,
  log: Log,
  { waitMs = WAIT_MS, signal }: { waitMs?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Opened> {
  const endsAt = performance.now() + waitMs
  let logged = ""
  for (;;) {
    try {
      return await open()
    } catch (error) {
      const code = codeOf(error)
      const isComingUp = code === undefined ? isSlow(error) : COMING_UP.test(code) || isOfStandby(error)
      if (!isComingUp || performance.now() >= endsAt) throw error
      const reason = explainDatabaseFailure(error)
      if (reason !== logged) log.warn(`${reason}; waiting up to ${waitMs / 1_000} s for it`)
      logged = reason
      await sleep(RETRY_MS, undefined, { signal })
    }
  }
}
