/** The positions after `from`, up to `to`, and the time of the change at `to`. */
export interface Range {
  from: number
  to: number
  at: string | null
}

/** Joins ranges that touch or overlap, in order. */
export function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const range of [...ranges].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = joined.at(-1)
    if (!last || range.from > last.to) joined.push({ ...range })
    else if (range.to > last.to) Object.assign(last, { to: range.to, at: range.at })
  }
  return joined
}
