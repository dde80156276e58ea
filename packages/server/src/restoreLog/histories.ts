import type { LogState } from "@latchkey/db"
import { FIRST_HISTORY, type History } from "./history.ts"
import type { ReadLog } from "./readLog.ts"

/** The position of a history up to which something is known; -1 for none. */
export type Reach = (history: string) => number

const entries = ({ histories }: Pick<ReadLog, "histories">) => [...histories]

/** The last position that a log has of a history. */
export const headOf = (history: History | undefined) => history?.ranges.at(-1)

/** The last position of each history. */
export const headsOf = (log: Pick<ReadLog, "histories">): Record<string, number> =>
  Object.fromEntries(entries(log).map(([id, history]) => [id, headOf(history)?.to ?? -1]))

export const highestIn = (log: Pick<ReadLog, "histories">): number =>
  Math.max(0, ...Object.values(headsOf(log)))

/** The history that a database is at. */
export const historyAt = ({ historyId }: Pick<LogState, "historyId">) => historyId ?? FIRST_HISTORY

/** Which changes a database has, if it has those of its own history up to a position. */
export function reachOf(
  state: Pick<LogState, "historyId">,
  log: Pick<ReadLog, "histories">,
  own: number,
): Reach {
  const at = historyAt(state)
  const includes = log.histories.get(at)?.opening?.includes
  return (history) => (history === at ? own : (includes?.[history] ?? -1))
}

/**
 * The history that continues all others, and its ancestors, up to where the next one begins. Changes beyond that were made by
 * servers that had been replaced, and their order is unknown.
 */
export function findMainLine(state: Pick<LogState, "historyId">, log: Pick<ReadLog, "histories">): Reach {
  const matters = entries(log).filter(([id, { isBare }]) => !isBare || id === historyAt(state))
  const isIncluded = (id: string) => matters.some(([, { opening }]) => id in (opening?.includes ?? {}))
  const tips = matters.filter(([id]) => !isIncluded(id)).map(([id]) => id)
  const heads = headsOf(log)
  const [newest] = tips.sort((a, b) => (heads[b] ?? -1) - (heads[a] ?? -1))
  const reach = new Map<string, number>()
  let id = tips.includes(historyAt(state)) ? historyAt(state) : newest
  let limit = Number.POSITIVE_INFINITY
  while (id !== undefined && !reach.has(id)) {
    reach.set(id, limit)
    const opening = log.histories.get(id)?.opening
    id = opening?.parent ?? undefined
    limit = id === undefined ? -1 : (opening?.includes[id] ?? -1)
  }
  return (history) => reach.get(history) ?? -1
}

/** What is missing between the beginning of a log and its end; undefined if nothing is. */
export function findGap(log: Pick<ReadLog, "begin" | "histories">): string | undefined {
  const before = log.histories.get(log.begin ?? "")?.opening?.includes ?? {}
  for (const [id, { ranges, opening }] of log.histories) {
    const floor = Math.max(opening?.from ?? -1, before[id] ?? -1)
    if (floor < 0) return "the beginning of a history is missing"
    const [first, next] = ranges.filter(({ to }) => to > floor)
    if (first && first.from > floor) return missing(floor, first.from)
    if (first && next) return missing(first.to, next.from)
    for (const [other, to] of Object.entries(opening?.includes ?? {})) {
      const has = Math.max(headOf(log.histories.get(other))?.to ?? -1, before[other] ?? -1)
      if (has < to && !(id in before)) return missing(has, to)
    }
  }
  return undefined
}

const missing = (after: number, to: number) => `the changes ${after + 1} to ${to} are missing`
