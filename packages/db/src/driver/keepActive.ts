import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"

/** Much less than `idle_in_transaction_session_timeout` of a long transaction. */
const EVERY_MS = 5_000

/**
 * Sends a statement every few seconds while a body runs that does much besides queries. So the server's limit for an idle
 * transaction can be short, and ends the transaction, with its locks, soon after its process was stopped or its machine lost.
 */
export async function keepActive<Result>(tx: Database, run: () => Promise<Result>): Promise<Result> {
  let isAsking = false

  async function ask() {
    if (isAsking) return
    isAsking = true
    // The transaction itself reports a failure.
    await tx.execute(sql`select 1`).catch(() => {})
    isAsking = false
  }

  const timer = setInterval(ask, EVERY_MS).unref()
  try {
    return await run()
  } finally {
    clearInterval(timer)
  }
}
