import { randomUUID } from "node:crypto"
import {
  beginLog,
  type Database,
  type DatabaseHandle,
  lockChanges,
  lockLog,
  settleHistory,
} from "@latchkey/db"
import { appendSettled } from "./appendSettled.ts"
import { headOf } from "./judge.ts"
import { type LogPlace, type Look, look } from "./look.ts"
import { refuse, restore } from "./makeGood.ts"
import { inDoubt } from "./restoreLogError.ts"
import type { Settled } from "./settled.ts"

export interface SettleOptions extends LogPlace {
  /** The time of the backup, for a log that lacks changes since. */
  afterRestore?: string | undefined
  /** Whether the database was not restored, although it looks so. */
  beginsAnew?: boolean
}

/**
 * Brings a database in step with its log, before the first request is served. Instances do it one after the other.
 *
 * @throws {RestoreLogError} if changes may be missing in both, without `afterRestore`.
 */
export const settleLog = (handle: DatabaseHandle, options: SettleOptions): Promise<Settled> =>
  handle.runLong(async (tx) => {
    await lockLog(tx)
    const first = await look(tx, options)
    if (first.judgement.is === "inStep" && !options.beginsAnew) return inStep(first)
    // Running instances may change something until here.
    await lockChanges(tx)
    const found = await look(tx, options)
    if (options.beginsAnew) return beginAnew(tx, found, options)
    switch (found.judgement.is) {
      case "inStep":
        return inStep(found)
      case "new":
        return begin(tx, found, { ...options, deploymentId: randomUUID() })
      case "restored":
        return restore(tx, found, { ...options, after: found.judgement.after })
      case "doubt":
        if (options.afterRestore === undefined || found.judgement.isForeign)
          throw inDoubt(found.judgement.because, found.judgement.isForeign)
        return refuse(tx, found, { ...options, afterRestore: options.afterRestore })
    }
  })

function inStep({ state, log }: Look): Settled {
  const head = headOf(log)
  if (!head || state.deploymentId === null) throw new TypeError("a log in step has a head")
  return { deploymentId: state.deploymentId, position: head.to, at: head.at, isSignedAnew: log.isSignedAnew }
}

async function begin(
  tx: Database,
  { state, log }: Look,
  { deploymentId, ...place }: LogPlace & { deploymentId: string },
): Promise<Settled> {
  const { position } = state
  await settleHistory(tx, { deploymentId, after: position, at: position + 1 })
  await beginLog(tx, { deploymentId, at: position + 1 })
  return appendSettled(
    tx,
    place,
    { deploymentId, begins: true, from: position + 1, to: position + 1, changes: [] },
    log,
  )
}

/** For a database that was not restored. */
function beginAnew(tx: Database, found: Look, place: LogPlace): Promise<Settled> {
  const { state, log } = found
  const isOurs = state.deploymentId !== null && log.ranges.length > 0
  const deploymentId = isOurs && state.deploymentId ? state.deploymentId : randomUUID()
  const position = Math.max(state.position, log.ranges.at(-1)?.to ?? 0)
  return begin(tx, { ...found, state: { ...state, position } }, { ...place, deploymentId })
}
