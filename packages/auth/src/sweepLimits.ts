import { type Database, removeExpiredLimits } from "@latchkey/db"

/**
 * Removes what was counted once it counts no more, every few minutes.
 *
 * @returns what stops it.
 */
export function sweepLimits(
  db: Database,
  onError: (error: unknown) => void,
  intervalMs = 5 * 60_000,
): () => void {
  async function sweep() {
    try {
      while (await removeExpiredLimits(db)) {}
    } catch (error) {
      onError(error)
    }
  }
  const timer = setInterval(sweep, intervalMs).unref()
  return () => clearInterval(timer)
}
