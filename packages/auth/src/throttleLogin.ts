import { createLimiter, type Database } from "@latchkey/db"
import { createBatchedRead } from "./batchedRead.ts"
import { type Counter, createCounter } from "./counter.ts"
import { AuthError } from "./errors.ts"
import { createInTurn } from "./inTurn.ts"
import type { Limits } from "./limits.ts"
import type { Source } from "./source.ts"

/** What tries at signing in are counted for; none of it can be read back. */
export interface LoginKeys {
  account: string
  address: string
  /** The account and the address together. */
  both: string
}

export interface ThrottleLogin {
  /**
   * Signs in, unless too many tries have failed. One that succeeds counts only among the address's tries.
   *
   * A stranger can't lock the owner out elsewhere: an address from which the account has signed in is held to its
   * own failures, and any other keeps a few tries of its own however many fail elsewhere (ASVS 5.0, 6.1.1, 6.3.1).
   *
   * @throws {AuthError} `RATE_LIMITED`, `UNAVAILABLE`, before anything is done.
   */
  login<T>(keys: LoginKeys, source: Source, signIn: () => Promise<T>): Promise<T>
  /** An account has shown its password at an address. */
  meet(keys: LoginKeys): Promise<void>
}

/** Milliseconds that one sign-in may wait for others of the account from its address: as long as for a bcrypt. */
const PATIENCE = 3_000

export function createThrottleLogin(
  db: Database,
  limits: Limits,
  onBackgroundError: (error: unknown) => void,
): ThrottleLogin {
  const tries = createCounter(db, "logins", limits.logins, { isFinal: true })
  const failed = createCounter(db, "failed-logins", limits.failedLogins)
  const failedByAddress = createCounter(db, "failed-logins-by-address", limits.failedLoginsByAddress)
  const failedByAccount = createCounter(db, "failed-logins-by-account", limits.failedLoginsByAccount)
  const known = createLimiter(db, { name: "known-address", count: 1, seconds: limits.knownAddress })
  // Sign-ins share reads, as a rush of them must not take all connections.
  const findKnown = createBatchedRead(known.remembered, (key) => key)
  const inTurn = createInTurn(PATIENCE)

  /** What is left to do when the answer is known, and not worth failing it. */
  async function finish(writes: Promise<void>[]) {
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === "rejected") onBackgroundError(result.reason)
    }
  }

  const meet = ({ both }: LoginKeys) => finish([known.remember(both)])

  async function loginInTurn<T>(keys: LoginKeys, source: Source, signIn: () => Promise<T>): Promise<T> {
    const taken: [Counter, string][] = []
    async function take(counter: Counter, key: string) {
      const usage = await counter.take(key)
      taken.push([counter, key])
      return usage
    }
    async function spend(counter: Counter, key: string) {
      const usage = await take(counter, key)
      if (!usage.isAllowed) throw counter.refuse(source, usage.reset)
      counter.tell(source, usage)
      return usage
    }
    const giveBack = () => taken.map(([counter, key]) => counter.giveBack(key))

    try {
      const own = await spend(failed, keys.both)
      if ((await findKnown(keys.both)) === null) {
        await spend(failedByAddress, keys.address)
        const ofAccount = await take(failedByAccount, keys.account)
        if (!ofAccount.isAllowed) {
          const ownTries = limits.failedLogins.count - own.remaining
          const remaining = limits.failedLoginsUnderAttack - ownTries
          const reset = Math.min(own.reset, ofAccount.reset)
          if (remaining < 0) throw failedByAccount.refuse(source, reset)
          failedByAccount.tell(source, { isAllowed: true, remaining, reset })
        }
      }
      const result = await signIn()
      await finish([...giveBack(), known.remember(keys.both)])
      return result
    } catch (error) {
      // Only what has shown a password to be wrong is a guess.
      if (error instanceof AuthError && error.reason !== "LOGIN_FAILED") await finish(giveBack())
      throw error
    }
  }

  return {
    meet,
    async login(keys, source, signIn) {
      await tries.spend(keys.address, source)
      // Each knows how the one before it ended, so that guesses at the same moment are counted and sign-ins are not.
      return inTurn(keys.both, () => loginInTurn(keys, source, signIn))
    },
  }
}
