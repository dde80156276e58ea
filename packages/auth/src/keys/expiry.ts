import { AuthError } from "../errors.ts"

/** When keys may expire. Times are compared with this server's clock, as far as they are chosen here. */
export interface Expiry {
  /**
   * The expiry of a new key; undefined for the latest, which is never without a maximal lifetime.
   *
   * @throws {AuthError} `INVALID_INPUT` for a time in the past, and for one beyond the maximal lifetime.
   */
  ofNewKey(chosen: Date | null | undefined): Date | null
  /** The expiry that a new key takes over from the one that it replaces, as far as the maximal lifetime allows. */
  ofSuccessor(inherited: Date | null): Date | null
  /** Why a key that was created then can't get this expiry; null if it can. */
  refuse(chosen: Date | null, createdAt: Date): AuthError | null
}

const DAY = 86_400_000

/** @param maxDays the maximal lifetime, up to the end of its last day in UTC; null for none. */
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
