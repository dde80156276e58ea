import { createHmac } from "node:crypto"
import type { Database } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { Keyring, SecretKeys } from "../crypto/keyring.ts"
import { AuthError } from "../errors.ts"
import { addressBlock, siteBlock } from "./addressBlock.ts"
import { createCounter } from "./counter.ts"
import { type Limit, type Limits, SITE_FACTOR } from "./limits.ts"
import { createThrottleLogin } from "./throttleLogin.ts"

/** Enforces the limits. All methods throw {AuthError} `RATE_LIMITED` and `UNAVAILABLE` before anything is done. */
export interface Throttle {
  /** Signs in unless too many attempts have failed: see `ThrottleLogin`. */
  login<T>(email: string, client: ClientInfo, signIn: () => Promise<T>): Promise<T>
  /** Remembers that an account has signed in from an address, once its second factor was checked. */
  rememberSignIn(email: string, client: ClientInfo): Promise<void>
  /** Counts an attempt to register, before the input is checked. */
  tryRegistering(client: ClientInfo): Promise<void>
  /** Registers unless the address has registered too often. */
  register<T>(email: string, client: ClientInfo, signUp: () => Promise<T>): Promise<T>
  /**
   * Counts a refresh by session, not by address: others there may have sent any number of made-up tokens.
   *
   * @param familyHash identifies the session. Only holders of one of its tokens know the secret, so only they count.
   */
  refresh(familyHash: Buffer, client: ClientInfo): Promise<void>
  /** Counts, by address, a refresh or sign-out with a token that belongs to no live session. */
  tokenWithoutSession(client: ClientInfo): Promise<void>
  /** Counts by session, not by account: a thief with one session must not prevent the owner's change. */
  changePassword(sessionId: string, client: ClientInfo): Promise<void>
  /** Counts, by address and by email, a request for a link to set a password, whether or not an account has the email. */
  requestPasswordReset(email: string, client: ClientInfo): Promise<void>
  /** Counts, by address and by account, a request for a link to verify the email of an account. */
  requestEmailVerification(userId: string, client: ClientInfo): Promise<void>
  /** Counts, by address, the use of a link. */
  useLink(client: ClientInfo): Promise<void>
  /**
   * Checks a code of an account's authenticator app, unless too many were wrong. Counts it beforehand, and refunds
   * the count unless the code is wrong (`LOGIN_FAILED`) or the database fails.
   */
  tryCode<T>(userId: string, client: ClientInfo, check: () => Promise<T>): Promise<T>
  /** Counts, by address, a key that is reported as leaked. */
  reportLeakedKey(client: ClientInfo): Promise<void>
}

export function createThrottle(
  { db, keyring }: { db: Database; keyring: Keyring },
  limits: Limits,
  onBackgroundError: (error: unknown) => void,
): Throttle {
  const logins = createThrottleLogin(db, limits, onBackgroundError)
  const final = { isFinal: true }
  const refreshes = createCounter(db, "refreshes", limits.refreshes, final)
  const passwordChanges = createCounter(db, "password-changes", limits.passwordChanges, final)
  const resetRequestsByAccount = createCounter(
    db,
    "reset-requests-by-account",
    limits.passwordResetRequestsByAccount,
    final,
  )
  const verificationsByAccount = createCounter(
    db,
    "verification-requests-by-account",
    limits.emailVerificationRequestsByAccount,
    final,
  )
  const wrongCodes = createCounter(db, "wrong-codes", limits.wrongCodes)

  /** A keyed digest of a limit's subject, so that the database contains no email or address. */
  const digestUnder = ({ throttleKey }: SecretKeys, ...subject: string[]) =>
    createHmac("sha256", throttleKey).update(JSON.stringify(subject)).digest("base64url")

  const digest = (...subject: string[]) => digestUnder(keyring.current, ...subject)

  const addressKey = ({ address }: ClientInfo) => digest("address", addressBlock(address))

  /** Null if the site has only this address. */
  function siteKey({ address }: ClientInfo): string | null {
    const site = siteBlock(address)
    return site === addressBlock(address) ? null : digest("site", site)
  }

  function loginKeys(email: string, client: ClientInfo) {
    const both = ["both", email.toLowerCase(), addressBlock(client.address)]
    return {
      account: digest("account", email.toLowerCase()),
      address: addressKey(client),
      site: siteKey(client),
      both: digest(...both),
      previousBoth: keyring.previous.map((keys) => digestUnder(keys, ...both)),
    }
  }

  /** Counts by address. The networks of an IPv6 site together get `SITE_FACTOR` times as many. */
  function createByAddress(name: string, { count, seconds }: Limit) {
    const ofAddress = createCounter(db, name, { count, seconds }, final)
    const nameOfSite = `${name.replace(/-by-address$/, "")}-by-site`
    const ofSite = createCounter(db, nameOfSite, { count: count * SITE_FACTOR, seconds }, final)
    return async (client: ClientInfo) => {
      await ofAddress.consume(addressKey(client), client)
      const site = siteKey(client)
      if (site !== null) await ofSite.consume(site, client)
    }
  }

  const tryRegistering = createByAddress("registration-tries", limits.registrationTries)
  const countRegistration = createByAddress("registrations", limits.registrations)
  const requestReset = createByAddress("reset-requests", limits.passwordResetRequests)
  const requestVerification = createByAddress("verification-requests", limits.emailVerificationRequests)

  return {
    login: (email, client, signIn) => logins.login(loginKeys(email, client), client, signIn),

    rememberSignIn: (email, client) => logins.rememberAddress(loginKeys(email, client)),

    tryRegistering,

    async register(email, client, signUp) {
      await countRegistration(client)
      const result = await signUp()
      await logins.rememberAddress(loginKeys(email, client))
      return result
    },

    refresh: (familyHash, client) =>
      refreshes.consume(digest("session", familyHash.toString("base64url")), client),

    tokenWithoutSession: createByAddress("refreshes-by-address", limits.refreshesByAddress),

    changePassword: (sessionId, client) => passwordChanges.consume(digest("session", sessionId), client),

    async requestPasswordReset(email, client) {
      await requestReset(client)
      await resetRequestsByAccount.consume(digest("account", email.toLowerCase()), client)
    },

    async requestEmailVerification(userId, client) {
      await verificationsByAccount.consume(digest("user", userId), client)
      await requestVerification(client)
    },

    useLink: createByAddress("links", limits.links),

    async tryCode(userId, client, check) {
      const key = digest("user", userId)
      await wrongCodes.consume(key, client)
      const refund = () => wrongCodes.refund(key).catch(onBackgroundError)
      try {
        const result = await check()
        await refund()
        return result
      } catch (error) {
        // After a failure of the database, the outcome is unknown, and anybody who can cause one must not be able to
        // guess freely.
        if (error instanceof AuthError && error.reason !== "LOGIN_FAILED") await refund()
        throw error
      }
    },

    reportLeakedKey: createByAddress("leak-reports", limits.leakReports),
  }
}
