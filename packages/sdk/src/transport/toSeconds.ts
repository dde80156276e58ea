/** A day. */
const MAX = 86_400

/**
 * The seconds after which to retry, from a response; undefined if they are none. They are at most a day: longer times are
 * mistakes, and a timer for more than 24 days, which is more than 31 bits of milliseconds, would fire at once.
 */
export const toSeconds = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? Math.min(value, MAX) : undefined
