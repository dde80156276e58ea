/** A quantity measured in several rounds. */
export interface Figure {
  median: number
  min: number
  max: number
}

/**
 * @param values one for each round.
 * @throws {RangeError} without values.
 */
export function figureOf(values: readonly number[]): Figure {
  const inOrder = values.toSorted((a, b) => a - b)
  const middle = inOrder.length / 2
  const [low, high] = [inOrder[Math.ceil(middle) - 1], inOrder[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError("no rounds")
  return { median: (low + high) / 2, min: inOrder[0] ?? low, max: inOrder.at(-1) ?? high }
}

/** Combines the values of each round, so that a disturbance of a whole round cancels out. */
export function pairedFigure(
  rounds: readonly (readonly number[])[],
  combine: (...values: number[]) => number,
): Figure {
  const [first = []] = rounds
  if (rounds.some((values) => values.length !== first.length)) throw new RangeError("rounds do not match")
  return figureOf(first.map((_, round) => combine(...rounds.map((values) => values[round] ?? Number.NaN))))
}

/**
 * The value that this percentage of all does not exceed (nearest rank).
 *
 * @throws {RangeError} without values.
 */
export function percentileOf(values: readonly number[], percent: number): number {
  const inOrder = values.toSorted((a, b) => a - b)
  const value = inOrder[Math.max(0, Math.ceil((percent / 100) * inOrder.length) - 1)]
  if (value === undefined) throw new RangeError("no values")
  return value
}
