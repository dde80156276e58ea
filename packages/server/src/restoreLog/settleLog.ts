import { randomUUID } from "node:crypto"
import { type Database, type DatabaseHandle, lockChanges, lockLog } from "@latchkey/db"
import { refuse, restore } from "./afterRestore/makeGood.ts"
import { headOf, historyAt } from "./histories.ts"
import { type LogPlace, type Look, look } from "./look.ts"
import { openHistory } from "./openHistory.ts"
import { inDoubt } from "./restoreLogError.ts"
import type { Settled } from "./settled.ts"

export interface SettleOptions extends LogPlace {
  /** The time of the backup, for a log that lacks changes since. */
  afterRestore?: string | undefined
  /** Whether the database was not restored, although it seems to have been. */
  beginsAnew?: boolean
}

/**
 * Brings a database in step with its log, before the first request is served. One instance at a time does this.
 *
 * @throws {RestoreLogError} if changes may be missing in both, without `afterRestore`.
 */
export const settleLog = (handle: DatabaseHandle, options: SettleOptions): Promise<Settled> =>
  handle.runLong(async (tx) => {
    await lockLog(tx)
    const first = await look(tx, options)
    if (first.judgement.is === "inStep" && !options.beginsAnew) return inStep(first)
    // Until here, running instances may make changes.
    await lockChanges(tx)
    const found = await look(tx, options)
    if (options.beginsAnew) return beginAnew(tx, found, options)
    return settle(tx, found, options)
  })

async function settle(tx: Database, found: Look, options: SettleOptions): Promise<Settled> {
  const { judgement, state } = found
  switch (judgement.is) {
    case "inStep":
      return inStep(found)
    case "new":
      return begin(tx, found, { ...options, deploymentId: randomUUID() })
    case "moved":
      return openHistory(tx, found, {
        ...options,
        deploymentId: state.deploymentId as string,
        after: judgement.after,
      })
    case "restored":
      return restore(tx, found, { ...options, ...judgement })
    case "doubt":
      if (options.afterRestore === undefined || judgement.isForeign)
        throw inDoubt(judgement.because, judgement.isForeign)
      return refuse(tx, found, { ...options, afterRestore: options.afterRestore })
  }
}

function inStep({ state, log }: Look): Settled {
  const history = historyAt(state)
  const head = headOf(log.histories.get(history))
  if (!head || state.deploymentId === null) throw new TypeError("a log in step has a head")
  const { deploymentId, server } = state
  return { deploymentId, history, server, position: head.to, at: head.at, isSignedAnew: log.isSignedAnew }
}

const begin = (tx: Database, found: Look, place: LogPlace & { deploymentId: string }): Promise<Settled> =>
  openHistory(tx, found, { ...place, after: found.state.position, begins: true })

/** For a database that was not restored. */
function beginAnew(tx: Database, found: Look, place: LogPlace): Promise<Settled> {
  const { state, log } = found
  const isOurs = state.deploymentId !== null && log.histories.size > 0
  const deploymentId = isOurs && state.deploymentId ? state.deploymentId : randomUUID()
  return begin(tx, found, { ...place, deploymentId })
}
