import { AuthError } from "../errors.ts"

/** When keys may expire. Times that are chosen here are compared with this server's clock. */
export interface Expiry {
  /**
   * The expiry of a new key. Undefined stands for the latest possible one, which is never if there is no maximum
   * lifetime.
   *
   * @throws {AuthError} `INVALID_INPUT` for a time in the past, and for one beyond the maximum lifetime.
   */
  ofNewKey(chosen: Date | null | undefined): Date | null
  /** The expiry that a new key takes over from the one that it replaces, as far as the maximum lifetime allows. */
  ofSuccessor(inherited: Date | null): Date | null
  /** The reason why a key that was created at this time can't get this expiry; null if it can. */
  refuse(chosen: Date | null, createdAt: Date): AuthError | null
}

const DAY = 86_400_000

/** @param maxDays the maximum lifetime, up to the end of its last day in UTC; null for none. */
export function createExpiry(maxDays: number | null): Expiry {
  const latest = (createdAt: Date) => {
    if (maxDays === null) return null
    const endOfDay = new Date(createdAt.getTime() + maxDays * DAY)
    endOfDay.setUTCHours(23, 59, 59, 999)
    return endOfDay
  }

  function refuse(chosen: Date | null, createdAt: Date): AuthError | null {
    if (chosen && chosen.getTime() <= Date.now()) return invalid("must be in the future")
    const last = latest(createdAt)
    if (!last || (chosen && chosen <= last)) return null
    return invalid(`must be within ${maxDays} days after the key was created`)
  }

  return {
    refuse,
    ofSuccessor(inherited) {
      const last = latest(new Date())
      return inherited && last && inherited > last ? last : (inherited ?? last)
    },
    ofNewKey(chosen) {
      const now = new Date()
      const expiresAt = chosen === undefined ? latest(now) : chosen
      const refusal = refuse(expiresAt, now)
      if (refusal) throw refusal
      return expiresAt
    },
  }
}

const invalid = (problem: string) =>
  new AuthError("INVALID_INPUT", `expiresAt ${problem}`, { field: "expiresAt" })
