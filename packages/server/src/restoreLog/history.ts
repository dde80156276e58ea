import type { Opening, RangeLine } from "./logLine.ts"
import { joinRanges, type Range } from "./ranges.ts"

/** The id of a history from before histories had ids. */
export const FIRST_HISTORY = ""

/**
 * A sequence of positions that one server has given. A new one begins with a restore, and with each promotion of a standby,
 * because a server that was replaced may go on with positions of its own.
 */
export interface History {
  /** The ranges of it that the log has; never empty. Between two ranges, changes are missing. */
  ranges: Range[]
  /** Null if the line that opens it is missing. */
  opening: (Opening & Range & { begins: boolean }) | null
  /** Whether it has only its beginning, such as after a crash at that moment. */
  isBare: boolean
}

/** How many ranges are joined at once. */
const RANGES_AT_ONCE = 1_000

/** Collects the lines of a history. */
export function createHistoryReader() {
  let ranges: Range[] = []
  let opening: History["opening"] = null
  let isBare = true
  /** They count only if all their parts are there. */
  const divided: RangeLine[] = []

  function add(line: RangeLine) {
    const { from, to, at, opens, begins = false } = line
    ranges.push({ from, to, at })
    if (ranges.length > RANGES_AT_ONCE) ranges = joinRanges(ranges)
    const isOpening = opens !== undefined || begins
    if (isOpening && (opening === null || to > opening.to))
      opening = { ...(opens ?? { parent: null, includes: {} }), begins, from, to, at }
    isBare &&= isOpening && line.changes.length === 0 && !line.parts
  }

  return {
    take(line: RangeLine) {
      if (line.parts) divided.push({ ...line, changes: [] })
      else add(line)
    },
    /** @param parts the signatures of all parts in the log. @returns null if no line counts. */
    end(parts: ReadonlySet<string>): { history: History | null; torn: number } {
      const whole = divided.filter((line) => line.parts?.every((part) => parts.has(part)))
      whole.forEach(add)
      const history = ranges.length > 0 ? { ranges: joinRanges(ranges), opening, isBare } : null
      return { history, torn: divided.length - whole.length }
    },
  }
}
