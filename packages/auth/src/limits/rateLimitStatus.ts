/** How far a limit is used up. */
export interface Standing {
  /** Such as `failed-logins`. */
  limit: string
  count: number
  /** The limit's window, and what is left of it. */
  seconds: number
  reset: number
  remaining: number
  /** Whether a call was refused because of it. */
  isRefused: boolean
}

/** Of two standings the one that says most of what may still be done: a refusal, the longer one; or less remaining. */
export function stricter(a: Standing | null, b: Standing): Standing {
  if (a === null) return b
  if (a.isRefused !== b.isRefused) return a.isRefused ? a : b
  if (a.isRefused) return b.reset > a.reset ? b : a
  return b.remaining < a.remaining ? b : a
}
