import type { Keyring } from "@latchkey/auth"
import { type Database, findLogState, type LogState } from "@latchkey/db"
import { headOf, type Judgement, judge } from "./judge.ts"
import { type ReadLog, readLog } from "./readLog.ts"

/** Where a log is, and the secrets that sign it. */
export interface LogPlace {
  folder: string
  keyring: Keyring
}

export interface Look {
  state: LogState
  log: ReadLog
  judgement: Judgement
}

const ATTEMPTS = 5

/** Compares the log with the database. */
export async function look(tx: Database, { folder, keyring }: LogPlace): Promise<Look> {
  for (let attempt = 1; ; attempt++) {
    const { deploymentId, position, loggedTo } = await findLogState(tx, { head: null })
    const log = await readLog(folder, { keyring, deploymentId, after: Math.min(position, loggedTo) })
    const state = await findLogState(tx, { head: headOf(log)?.to ?? null })
    // Running instances may have appended to files after they were read, and noted it in the database.
    if (state.loggedTo === loggedTo || attempt === ATTEMPTS)
      return { state, log, judgement: judge(state, log) }
  }
}
