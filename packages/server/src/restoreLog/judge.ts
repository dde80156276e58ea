import type { LogState } from "@latchkey/db"
import type { ReadLog } from "./readLog.ts"

/**
 * How a database stands to its log. `restored`: it lacks the log's changes after a position. `doubt`: it may lack changes that
 * the log lacks too.
 */
export type Judgement =
  | { is: "new" }
  | { is: "inStep" }
  | { is: "restored"; after: number }
  | { is: "doubt"; because: string; isForeign?: true }

const doubt = (because: string): Judgement => ({ is: "doubt", because })

/** The position up to which the log has all changes; null if it has no beginning. */
export const headOf = ({ ranges }: Pick<ReadLog, "ranges">) => ranges[0] ?? null

/** @param state the database's, with the time of the log's head. */
export function judge(state: LogState, log: ReadLog): Judgement {
  const head = headOf(log)
  if (state.deploymentId === null) return judgeFirst(log)
  if (!head || log.begin === null) return judgeMissing(log)
  const [, next] = log.ranges
  if (next) return doubt(`the changes ${head.to + 1} to ${next.from} are missing${unreadableIn(log)}`)
  if (state.loggedTo > head.to)
    return doubt(`the changes ${head.to + 1} to ${state.loggedTo} are missing at its end${unreadableIn(log)}`)
  if (state.position >= head.to && state.at === head.at) {
    return state.deletedTo > head.to
      ? doubt(`the changes ${head.to + 1} to ${state.deletedTo} are neither in it nor in the database`)
      : { is: "inStep" }
  }
  const after = Math.min(state.position, state.loggedTo)
  if (after < log.begin.to) return doubt("it began after this backup")
  if (log.changes.some(({ kind, position }) => kind === "everything" && position > after))
    return doubt("a table was emptied by hand since this backup")
  return { is: "restored", after }
}

/** Of a database that has kept no log. A log that has only a beginning, as after a crash, lacks nothing. */
function judgeFirst(log: ReadLog): Judgement {
  if (log.deployments.length + log.unknownSecret + log.unreadable === 0) return { is: "new" }
  return doubt(
    "this database has kept none, so it is a backup from before the log, or the log is another deployment's",
  )
}

function judgeMissing(log: ReadLog): Judgement {
  if (log.deployments.length > 0)
    return { is: "doubt", because: "all its lines are another deployment's", isForeign: true }
  if (log.unknownSecret > 0)
    return doubt("all its lines are signed with another secret; name the earlier one in AUTH_SECRET_PREVIOUS")
  return doubt(`it is not there${unreadableIn(log)}`)
}

const unreadableIn = ({ unreadable, unknownSecret }: ReadLog) =>
  unreadable + unknownSecret === 0
    ? ""
    : `, and ${unreadable + unknownSecret} lines are torn, changed or signed with another secret`
