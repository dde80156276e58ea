import { setTimeout as sleep } from "node:timers/promises"
import { codeOf } from "./codeOf.ts"
import type { Log } from "./log.ts"

/** PostgreSQL takes no sessions yet: it starts, or recovers. */
const STARTING = "57P03"

const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/** Runs `open`, and again as long as PostgreSQL says that it is starting, for up to a minute. */
export async function waitForDatabase(open: () => Promise<void>, log: Log): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return await open()
    } catch (error) {
      if (codeOf(error) !== STARTING || performance.now() >= endsAt) throw error
      if (attempt === 1) log.info(`PostgreSQL is starting; waiting up to ${PATIENCE_MS / 1_000} s for it`)
      await sleep(PAUSE_MS)
    }
  }
}
