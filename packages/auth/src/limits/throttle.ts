import { createHmac } from "node:crypto"
import type { Database } from "@latchkey/db"
import { addressBlock } from "./addressBlock.ts"
import { createCounter } from "./counter.ts"
import type { Keyring, SecretKeys } from "../crypto/keyring.ts"
import type { Limits } from "./limits.ts"
import type { Source } from "../clientInfo.ts"
import { createThrottleLogin } from "./throttleLogin.ts"

/** Keeps the limits. Everything here throws {AuthError} `RATE_LIMITED` and `UNAVAILABLE` before anything is done. */
export interface Throttle {
  /** Signs in, unless too many tries have failed: see `ThrottleLogin`. */
  login<T>(email: string, source: Source, signIn: () => Promise<T>): Promise<T>
  /** Counts a try at registering, before anything is looked at. */
  tryRegistering(source: Source): Promise<void>
  /** Registers, unless the address has done so too often. */
  register<T>(email: string, source: Source, signUp: () => Promise<T>): Promise<T>
  /**
   * Counts a refresh of a live session. Not by address: others there may have sent any number of made-up tokens.
   *
   * @param familyHash which session it is, and that its secret is known.
   */
  refresh(familyHash: Buffer, source: Source): Promise<void>
  /** Counts a refresh token that no live session has. */
  unknownRefreshToken(source: Source): Promise<void>
  /** Not by account, or whoever gets hold of one session could keep the owner from the change. */
  changePassword(sessionId: string, source: Source): Promise<void>
}

export function createThrottle(
  { db, keyring }: { db: Database; keyring: Keyring },
  limits: Limits,
  onBackgroundError: (error: unknown) => void,
): Throttle {
  const logins = createThrottleLogin(db, limits, onBackgroundError)
  const final = { isFinal: true }
  const registrationTries = createCounter(db, "registration-tries", limits.registrationTries, final)
  const registrations = createCounter(db, "registrations", limits.registrations, final)
  const refreshes = createCounter(db, "refreshes", limits.refreshes, final)
  const refreshesByAddress = createCounter(db, "refreshes-by-address", limits.refreshesByAddress, final)
  const passwordChanges = createCounter(db, "password-changes", limits.passwordChanges, final)

  /** Whom something is counted for. The database learns no email and no address by it. */
  const digestUnder = ({ throttleKey }: SecretKeys, ...subject: string[]) =>
    createHmac("sha256", throttleKey).update(JSON.stringify(subject)).digest("base64url")

  const digest = (...subject: string[]) => digestUnder(keyring.current, ...subject)

  const addressKey = ({ address }: Source) => digest("address", addressBlock(address))

  function loginKeys(email: string, source: Source) {
    const both = ["both", email.toLowerCase(), addressBlock(source.address)]
    return {
      account: digest("account", email.toLowerCase()),
      address: addressKey(source),
      both: digest(...both),
      formerBoth: keyring.previous.map((keys) => digestUnder(keys, ...both)),
    }
  }

  return {
    login: (email, source, signIn) => logins.login(loginKeys(email, source), source, signIn),

    tryRegistering: (source) => registrationTries.spend(addressKey(source), source),

    async register(email, source, signUp) {
      await registrations.spend(addressKey(source), source)
      const result = await signUp()
      await logins.meet(loginKeys(email, source))
      return result
    },

    refresh: (familyHash, source) =>
      refreshes.spend(digest("session", familyHash.toString("base64url")), source),

    unknownRefreshToken: (source) => refreshesByAddress.spend(addressKey(source), source),

    changePassword: (sessionId, source) => passwordChanges.spend(digest("session", sessionId), source),
  }
}
