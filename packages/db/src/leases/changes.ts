/** How many changes are remembered individually. Each takes about 100 bytes. */
const MAX_REMEMBERED = 100_000

/** The timeline and position at which a row was read. */
export interface Seen {
  /** Of the primary. Positions of different timelines can't be compared. */
  timeline: string
  /** The position of the newest change that the read's snapshot contains. */
  position: number
}

/** The changes that one instance knows of. */
export interface Changes {
  /** Of the primary that grants the leases. */
  readonly timeline: string | undefined
  /** The position up to which it knows all changes; null before the first lease. */
  readonly position: number | null
  /** Grows whenever everything is forgotten: nothing that was read before may be kept. */
  readonly era: number
  /** Whether none of these keys, owners and sessions has changed since a read. */
  areCurrent(seen: Seen, ids: readonly string[]): boolean
  /**
   * Records changes.
   *
   * @param ids the rows that have changed up to `position`; null for all rows.
   */
  note(position: number, ids: readonly string[] | null): void
  /** Forgets everything, because another server answers, which may reuse positions for other changes. */
  begin(timeline: string): void
}

/** Stands for a change of every row. */
const EVERYTHING = "00000000-0000-0000-0000-000000000000"

export function createChanges(maxRemembered = MAX_REMEMBERED): Changes {
  let timeline: string | undefined
  let position: number | null = null
  let era = 0
  /** Everything may have changed up to this position. */
  let floor = Number.POSITIVE_INFINITY
  const changedAt = new Map<string, number>()

  return {
    get timeline() {
      return timeline
    },
    get position() {
      return position
    },
    get era() {
      return era
    },
    areCurrent: (seen, ids) =>
      seen.timeline === timeline &&
      seen.position >= floor &&
      ids.every((id) => seen.position >= (changedAt.get(id) ?? 0)),
    note(to, ids) {
      position = to
      if (ids === null || ids.includes(EVERYTHING) || changedAt.size + ids.length > maxRemembered) {
        floor = to
        changedAt.clear()
      } else {
        for (const id of ids) changedAt.set(id, to)
      }
    },
    begin(next) {
      timeline = next
      position = null
      floor = Number.POSITIVE_INFINITY
      changedAt.clear()
      era++
    },
  }
}
