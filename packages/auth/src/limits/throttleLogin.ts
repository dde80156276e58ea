import { setTimeout as sleep } from "node:timers/promises"
import { createLimiter, type Database, type Usage } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type Counter, createCounter } from "./counter.ts"
import { createKeyedMutex } from "./keyedMutex.ts"
import { type Limits, SITE_FACTOR } from "./limits.ts"

/** The keyed digests by which sign-in attempts are counted. */
export interface LoginKeys {
  account: string
  address: string
  /** That of the networks of an IPv6 site, to which the address belongs; null if there is only the address. */
  site: string | null
  /** The account and the address together. */
  both: string
  /** `both` under each of the previous server secrets. */
  previousBoth: readonly string[]
}

export interface ThrottleLogin {
  /**
   * Signs in unless too many attempts have failed. Successful sign-ins are refunded, except from `logins`.
   *
   * Strangers can't lock the owner out (ASVS 5.0, 6.1.1, 6.3.1). If they use up a limit that they share with the
   * owner, an address from which the account has signed in still gets `loginsBeyond` attempts; if it is the account's
   * limit, any other address still gets `failedLoginsUnderAttack`. Strangers also can't find out which accounts have
   * signed in from their own address: all attempts are counted and reported in the same way, and beyond a shared
   * limit, the answer to a wrong password is the same as if it had not been checked.
   *
   * @throws {AuthError} `RATE_LIMITED`, `UNAVAILABLE`, before anything is done.
   */
  login<T>(keys: LoginKeys, client: ClientInfo, signIn: () => Promise<T>): Promise<T>
  /** Remembers that an account has signed in from an address. */
  rememberAddress(keys: LoginKeys): Promise<void>
}

/**
 * Milliseconds that a sign-in may wait for others of the same account and address: as long as it may wait for a
 * bcrypt.
 */
const PATIENCE = 3_000

export function createThrottleLogin(
  db: Database,
  limits: Limits,
  onBackgroundError: (error: unknown) => void,
): ThrottleLogin {
  const attempts = createCounter(db, "logins", limits.logins, { isFinal: true })
  const failed = createCounter(db, "failed-logins", limits.failedLogins)
  const failedByAddress = createCounter(db, "failed-logins-by-address", limits.failedLoginsByAddress)
  const failedBySite = createCounter(db, "failed-logins-by-site", {
    ...limits.failedLoginsByAddress,
    count: limits.failedLoginsByAddress.count * SITE_FACTOR,
  })
  const failedByAccount = createCounter(db, "failed-logins-by-account", limits.failedLoginsByAccount)
  const beyond = createCounter(db, "logins-beyond", limits.loginsBeyond, { isFinal: true })
  const known = createLimiter(db, { name: "known-address", count: 1, seconds: limits.knownAddress })
  // Concurrent sign-ins share reads, so that a burst does not take all connections.
  const findKnown = createBatchedRead(known.remembered, (key) => key)
  const runExclusive = createKeyedMutex(PATIENCE)

  /** Completes writes after the outcome is known. Failures are only reported. */
  async function finish(writes: Promise<void>[]) {
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === "rejected") onBackgroundError(result.reason)
    }
  }

  const rememberAddress = ({ both }: LoginKeys) => finish([known.remember(both)])

  /** Whether an attempt may proceed although a shared limit is used up. The count is not reported to the client. */
  async function mayGoBeyond({ both, previousBoth }: LoginKeys): Promise<boolean> {
    for (const key of [both, ...previousBoth]) {
      if ((await findKnown(key)) !== null) return (await beyond.count(both)).isAllowed
    }
    return false
  }

  /**
   * Signs in although a shared limit is used up, if `mayGoBeyond` allows it. Runs outside the mutex, because nothing is
   * refunded here, and refusing an attempt that waited too long would reveal that the account is known at the address.
   */
  async function loginBeyond<T>(
    keys: LoginKeys,
    refuse: () => AuthError,
    signIn: () => Promise<T>,
  ): Promise<T> {
    if (!(await mayGoBeyond(keys))) throw refuse()
    const result = await signIn().catch((error: unknown) => {
      throw error instanceof AuthError && error.reason !== "SECOND_FACTOR_REQUIRED" ? refuse() : error
    })
    await rememberAddress(keys)
    return result
  }

  /** @returns the result, or a function that creates the refusal if a shared limit is used up. */
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

    /** Counts the attempt towards the shared limits. @returns a function that creates the refusal if one is used up. */
    async function takeShared(ownUsage: Usage): Promise<(() => AuthError) | undefined> {
      const addressUsage = await take(failedByAddress, keys.address)
      if (!addressUsage.isAllowed) return () => failedByAddress.refuse(client, addressUsage.reset)
      failedByAddress.report(client, addressUsage)
      const siteUsage = keys.site === null ? null : await take(failedBySite, keys.site)
      if (siteUsage && !siteUsage.isAllowed) return () => failedBySite.refuse(client, siteUsage.reset)
      const accountUsage = await take(failedByAccount, keys.account)
      if (accountUsage.isAllowed) return undefined
      const ownFailures = limits.failedLogins.count - ownUsage.remaining
      const remaining = limits.failedLoginsUnderAttack - ownFailures
      const reset = Math.min(ownUsage.reset, accountUsage.reset)
      if (remaining < 0) return () => failedByAccount.refuse(client, reset)
      failedByAccount.report(client, { isAllowed: true, remaining, reset })
      return undefined
    }

    try {
      const ownUsage = await take(failed, keys.both)
      if (!ownUsage.isAllowed) throw failed.refuse(client, ownUsage.reset)
      failed.report(client, ownUsage)
      const refuse = await takeShared(ownUsage)
      if (refuse) {
        await finish(refundAll())
        return { refuse }
      }
      const result = await signIn()
      await finish([...refundAll(), known.remember(keys.both)])
      return { result }
    } catch (error) {
      // Only a wrong password counts as a guess.
      if (error instanceof AuthError && error.reason !== "LOGIN_FAILED") await finish(refundAll())
      throw error
    }
  }

  return {
    rememberAddress,
    async login(keys, client, signIn) {
      const startedAt = performance.now()
      try {
        const usage = await attempts.count(keys.address)
        if (!usage.isAllowed) {
          return await loginBeyond(keys, () => attempts.refuse(client, usage.reset), signIn)
        }
        attempts.report(client, usage)
        // One at a time, so that concurrent successful sign-ins are refunded before they exceed a limit of failed ones.
        const outcome = await runExclusive(keys.both, () => loginExclusively(keys, client, signIn))
        return "result" in outcome ? outcome.result : await loginBeyond(keys, outcome.refuse, signIn)
      } catch (error) {
        const isRefused = error instanceof AuthError && error.reason === "RATE_LIMITED"
        if (isRefused) await sleep(startedAt + limits.refusedLoginSeconds * 1000 - performance.now())
        throw error
      }
    },
  }
}
