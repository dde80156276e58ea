import { setTimeout as sleep } from "node:timers/promises"
import { createLimiter, type Database, type Usage } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type Counter, createCounter } from "./counter.ts"
import { createKeyedMutex } from "./keyedMutex.ts"
import type { Limits } from "./limits.ts"

/** Keyed digests of what sign-in attempts are counted for. */
export interface LoginKeys {
  account: string
  address: string
  /** The account and the address together. */
  both: string
  /** The same under server secrets that were current before. */
  formerBoth: readonly string[]
}

export interface ThrottleLogin {
  /**
   * Signs in, unless too many tries have failed. One that succeeds counts only among the address's tries.
   *
   * Strangers can't lock the owner out (ASVS 5.0, 6.1.1, 6.3.1). Where they use up a limit that they share with the
   * owner, an address that the account has signed in from still gets `loginsBeyond` tries, and any other address a few
   * while it is the account's limit. Nor do they learn from it who has signed in from their own address: each try is
   * counted and told alike, and beyond a limit a wrong password is answered as if it had not been looked at.
   *
   * @throws {AuthError} `RATE_LIMITED`, `UNAVAILABLE`, before anything is done.
   */
  login<T>(keys: LoginKeys, client: ClientInfo, signIn: () => Promise<T>): Promise<T>
  /** Remembers that an account has signed in from an address. */
  rememberAddress(keys: LoginKeys): Promise<void>
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
  const beyond = createCounter(db, "logins-beyond", limits.loginsBeyond, { isFinal: true })
  const known = createLimiter(db, { name: "known-address", count: 1, seconds: limits.knownAddress })
  // Concurrent sign-ins share reads, so that a burst does not take all connections.
  const findKnown = createBatchedRead(known.remembered, (key) => key)
  const runExclusive = createKeyedMutex(PATIENCE)

  /** Completes writes after the outcome is known. Their failures are only reported. */
  async function finish(writes: Promise<void>[]) {
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === "rejected") onBackgroundError(result.reason)
    }
  }

  const rememberAddress = ({ both }: LoginKeys) => finish([known.remember(both)])

  /** Whether an attempt may proceed although a shared limit is used up. The count is not reported to the client. */
  async function mayGoBeyond({ both, formerBoth }: LoginKeys): Promise<boolean> {
    for (const key of [both, ...formerBoth]) {
      if ((await findKnown(key)) !== null) return (await beyond.count(both)).isAllowed
    }
    return false
  }

  /**
   * Signs in although a limit that others share is used up, where that may be. Nobody waits for a turn here, as nothing
   * is given back: a full queue must not answer differently from an account that is not known at the address.
   */
  async function loginBeyond<T>(
    keys: LoginKeys,
    refuse: () => AuthError,
    signIn: () => Promise<T>,
  ): Promise<T> {
    if (!(await mayGoBeyond(keys))) throw refuse()
    const result = await signIn().catch((error: unknown) => {
      throw error instanceof AuthError ? refuse() : error
    })
    await rememberAddress(keys)
    return result
  }

  /** @returns what makes the refusal, where a limit that others share is used up. */
  async function loginExclusively<T>(
    keys: LoginKeys,
    client: ClientInfo,
    signIn: () => Promise<T>,
  ): Promise<{ result: T } | { refuse: () => AuthError }> {
    const taken: [Counter, string][] = []
    async function take(counter: Counter, key: string) {
      const usage = await counter.count(key)
      taken.push([counter, key])
      return usage
    }
    const refundAll = () => taken.map(([counter, key]) => counter.refund(key))

    /** Counts the try towards the limits that others share. */
    async function takeShared(own: Usage): Promise<(() => AuthError) | undefined> {
      const ofAddress = await take(failedByAddress, keys.address)
      if (!ofAddress.isAllowed) return () => failedByAddress.refuse(client, ofAddress.reset)
      failedByAddress.report(client, ofAddress)
      const ofAccount = await take(failedByAccount, keys.account)
      if (ofAccount.isAllowed) return undefined
      const ownTries = limits.failedLogins.count - own.remaining
      const remaining = limits.failedLoginsUnderAttack - ownTries
      const reset = Math.min(own.reset, ofAccount.reset)
      if (remaining < 0) return () => failedByAccount.refuse(client, reset)
      failedByAccount.report(client, { isAllowed: true, remaining, reset })
      return undefined
    }

    try {
      const own = await take(failed, keys.both)
      if (!own.isAllowed) throw failed.refuse(client, own.reset)
      failed.report(client, own)
      const refuse = await takeShared(own)
      if (refuse) {
        await finish(refundAll())
        return { refuse }
      }
      const result = await signIn()
      await finish([...refundAll(), known.remember(keys.both)])
      return { result }
    } catch (error) {
      // Only a wrong password is a guess.
      if (error instanceof AuthError && error.reason !== "LOGIN_FAILED") await finish(refundAll())
      throw error
    }
  }

  return {
    rememberAddress,
    async login(keys, client, signIn) {
      const askedAt = performance.now()
      try {
        const ofTries = await tries.count(keys.address)
        if (!ofTries.isAllowed) {
          return await loginBeyond(keys, () => tries.refuse(client, ofTries.reset), signIn)
        }
        tries.report(client, ofTries)
        // One after the other, so that concurrent guesses are counted and successful sign-ins are not.
        const outcome = await runExclusive(keys.both, () => loginExclusively(keys, client, signIn))
        return "result" in outcome ? outcome.result : await loginBeyond(keys, outcome.refuse, signIn)
      } catch (error) {
        const isRefused = error instanceof AuthError && error.reason === "RATE_LIMITED"
        if (isRefused) await sleep(askedAt + limits.refusedLoginSeconds * 1000 - performance.now())
        throw error
      }
    },
  }
}
