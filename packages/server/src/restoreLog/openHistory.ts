import { randomUUID } from "node:crypto"
import { beginLog, type Database, settleHistory } from "@latchkey/db"
import { appendSettled } from "./appendSettled.ts"
import { headsOf, highestIn, historyAt } from "./histories.ts"
import type { LogPlace, Look } from "./look.ts"
import { readAll } from "./readAll.ts"
import type { Settled } from "./settled.ts"

/**
 * Begins a history of the database that includes everything that the log has. Its first position was never used before.
 *
 * @param options.after the log has all of the database's own changes up to this position.
 * @param options.begins whether the log itself begins there: changes before may be missing.
 */
export async function openHistory(
  tx: Database,
  { state, log }: Pick<Look, "state" | "log">,
  {
    deploymentId,
    after,
    begins = false,
    ...place
  }: LogPlace & { deploymentId: string; after: number; begins?: boolean },
): Promise<Settled> {
  const at = Math.max(state.position, highestIn(log)) + 1
  const historyId = randomUUID()
  await settleHistory(tx, { deploymentId, historyId, after, at })
  const { changes } = begins ? { changes: [] } : await readAll(tx, { after: at - 1 })
  await beginLog(tx, { deploymentId, at })
  const opens = { parent: begins ? null : historyAt(state), includes: headsOf(log) }
  const line = {
    deploymentId,
    history: historyId,
    opens,
    ...(begins && { begins: true as const }),
    to: at,
    changes,
  }
  return appendSettled(tx, place, line, { isSignedAnew: log.isSignedAnew, server: state.server })
}
