/** A day. */
const MAX = 86_400

/**
 * The seconds after which to retry, from a response; undefined for anything else. At most a day: longer times are
 * mistakes, and a timer of more than 24 days (2^31 milliseconds) would fire at once.
 */
export const toSeconds = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? Math.min(value, MAX) : undefined
