import { setTimeout as sleep } from "node:timers/promises"
import { codeOf } from "@latchkey/db"
import type { Log } from "../log.ts"

/** The SQLSTATE of a PostgreSQL that accepts no connections yet, because it is starting or recovering. */
const STARTING = "57P03"

const TIMEOUT_MS = 60_000
const RETRY_MS = 500

/**
 * Runs `open`, and retries for up to a minute while PostgreSQL reports that it is starting.
 *
 * @param signal ends the wait.
 */
export async function waitForDatabase<Opened>(
  open: () => Promise<Opened>,
  log: Log,
  signal?: AbortSignal,
): Promise<Opened> {
  const endsAt = performance.now() + TIMEOUT_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return await open()
    } catch (error) {
      if (codeOf(error) !== STARTING || performance.now() >= endsAt) throw error
      if (attempt === 1) log.info(`PostgreSQL is starting; waiting up to ${TIMEOUT_MS / 1_000} s for it`)
      await sleep(RETRY_MS, undefined, { signal })
    }
  }
}
