import type { Keyring } from "@latchkey/auth"
import { type Database, findLogState, type LogState } from "@latchkey/db"
import { type Judgement, judge } from "./afterRestore/judge.ts"
import { headOf, historyAt } from "./histories.ts"
import { type ReadLog, readLog } from "./readLog.ts"
import type { LogSink } from "./sinks/logSink.ts"

/** Where a log is, and the secrets that sign it. */
export interface LogPlace {
  sink: LogSink
  keyring: Keyring
}

export interface Look {
  state: LogState
  log: ReadLog
  judgement: Judgement
}

/** Compares the log with the database. Running instances may append meanwhile. */
export async function look(tx: Database, { sink, keyring }: LogPlace): Promise<Look> {
  for (;;) {
    const before = await findLogState(tx, { head: null })
    const log = await readLog(sink, { keyring, deploymentId: before.deploymentId })
    const head = headOf(log.histories.get(historyAt(before)))?.to ?? null
    const after = await findLogState(tx, { head })
    // Another instance has settled the log.
    if (after.deploymentId !== before.deploymentId || after.historyId !== before.historyId) continue
    // The log must have the changes that it had before it was read.
    const state = { ...after, loggedTo: before.loggedTo, deletedTo: before.deletedTo }
    return { state, log, judgement: judge(state, log) }
  }
}
