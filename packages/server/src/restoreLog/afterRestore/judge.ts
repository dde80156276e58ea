import type { LogState } from "@latchkey/db"
import { findGap, headOf, historyAt, type Reach, reachOf } from "../histories.ts"
import type { ReadLog } from "../readLog.ts"

/**
 * How a database compares with its log. `moved`: it lacks nothing, and is on another server than before, or on one that was promoted.
 * `restored`: it lacks changes of the log. `doubt`: it may lack changes that the log lacks too.
 */
export type Judgement =
  | { is: "new" }
  | { is: "inStep" }
  | { is: "moved"; after: number }
  | Restored
  | { is: "doubt"; because: string; isForeign?: true }

export interface Restored {
  is: "restored"
  /** The log has all of the database's own changes up to this position. */
  after: number
  /** The changes that the database has. */
  has: Reach
}

const doubt = (because: string): Judgement => ({ is: "doubt", because })

/** @param state the database's, with the time of the last position that the log has of its history. */
export function judge(state: LogState, log: ReadLog): Judgement {
  if (state.deploymentId === null) return judgeFirst(log)
  if (log.begin === null) return judgeMissing(log)
  const gap = findGap(log)
  if (gap !== undefined) return doubt(gap + unreadableIn(log))
  const own = log.histories.get(historyAt(state))
  const head = headOf(own)
  if (!own || !head || state.loggedTo > head.to) {
    const last = head ?? { to: state.loggedTo - 1 }
    return doubt(`the changes ${last.to + 1} to ${state.loggedTo} are missing at its end${unreadableIn(log)}`)
  }
  const isSame = state.position >= head.to && state.at === head.at
  const after = isSame ? head.to : Math.min(state.position, state.loggedTo)
  const isBefore = log.begin !== historyAt(state) && !(log.begin in (own.opening?.includes ?? {}))
  if (isBefore || after < (log.histories.get(log.begin)?.opening?.to ?? 0))
    return doubt("it began after this backup")
  const has = reachOf(state, log, after)
  if (log.emptied.some(({ history, position }) => position > has(history)))
    return doubt("a table was emptied by hand since this backup")
  const lacks = [...log.histories].some(
    ([id, history]) => !history.isBare && (headOf(history)?.to ?? -1) > has(id),
  )
  if (isSame && state.deletedTo > head.to)
    return doubt(`the changes ${head.to + 1} to ${state.deletedTo} are neither in it nor in the database`)
  if (lacks) return { is: "restored", after, has }
  if (!isSame) return { is: "restored", after, has }
  return state.server === state.historyServer ? { is: "inStep" } : { is: "moved", after }
}

/** For a database that has kept no log. A log with only a beginning, such as after a crash, lacks nothing. */
function judgeFirst(log: ReadLog): Judgement {
  if (log.deployments.length + log.unknownSecret + log.unreadable === 0) return { is: "new" }
  return doubt(
    "this database has kept none, so it is a backup from before the log, or the log is another deployment's",
  )
}

function judgeMissing(log: ReadLog): Judgement {
  if (log.deployments.length > 0 && log.histories.size === 0)
    return { is: "doubt", because: "all its lines are another deployment's", isForeign: true }
  if (log.unknownSecret > 0 && log.histories.size === 0)
    return doubt(
      "all its lines are signed with another secret; name the earlier one in AUTH_SECRET_PREVIOUS, or begin a new log if it has leaked",
    )
  return doubt(
    log.histories.size === 0
      ? `it is not there${unreadableIn(log)}`
      : `its beginning is missing${unreadableIn(log)}`,
  )
}

const unreadableIn = ({ unreadable, unknownSecret }: ReadLog) =>
  unreadable + unknownSecret === 0
    ? ""
    : `, and ${unreadable + unknownSecret} lines are torn, changed or signed with another secret`
