import type { RateLimit } from "@latchkey/contract"
import type { Database } from "@latchkey/db"
import type { AccountMail } from "./accounts/mailQueue.ts"
import type { NamedOwner } from "./identities/administrator.ts"
import type { ConfiguredKeys } from "./identities/configuredKeys.ts"
import type { Identify } from "./identities/identify.ts"
import type { ScopesOf } from "./identities/narrowScopes.ts"
import type { TrustedIssuers } from "./identities/trustedIssuers/createTrustedIssuers.ts"
import type { Limits } from "./limits/limits.ts"
import type { AuthObserver } from "./observer.ts"

export interface AuthOptions {
  db: Database
  /** Server secrets of at least 32 bytes. Previous ones remain valid. API keys survive the loss of all of them. */
  secrets: { current: string; previous?: readonly string[] }
  /** Seconds. */
  accessTokenTtl: number
  /** Seconds from signing in. Refreshing does not extend it. */
  refreshTokenTtl: number
  /** Seconds without a refresh until a session ends; null for none. Longer than `accessTokenTtl`. */
  sessionIdleTtl?: number | null
  bcryptCost: number
  /** How many bcrypts of a kind run at once; by default, one less than there are cores. */
  bcryptsAtOnce?: number | undefined
  /** How many connections the database has; 10 by default. */
  connections?: number
  registration: "open" | "closed"
  maxKeysPerUser: number
  /** The limit of keys without one of their own, and the highest that owners may set. */
  keyRateLimit?: RateLimit | null
  /** The maximum lifetime of keys in days; null for none. */
  maxKeyLifetimeDays?: number | null
  /** The scopes that keys may carry. */
  scopes?: readonly string[]
  /** New keys begin with it and an underscore; their checksum is at the end. */
  keyPrefix?: string | null
  /**
   * The prefixes of keys that were imported from other systems; `*` for any keys in `X-API-Key`. By default, there
   * are none.
   */
  importedKeyPrefixes?: readonly string[]
  /** `off`: no accounts of Latchkey's own. Their JWTs and refresh tokens are refused; their keys stay valid. */
  passwords?: "on" | "off"
  /** Tells who is signed in by the host's own sessions. */
  identify?: Identify | undefined
  /** Tells what a caller may do now, whatever their credential allows. */
  scopesOf?: ScopesOf | undefined
  /** The issuer of the owners that `identify` names. */
  hostIssuer?: string
  /** Identity providers whose JWTs are accepted. */
  trustedIssuers?: TrustedIssuers | undefined
  /** Further issuers whose owners' keys are accepted. */
  servedIssuers?: readonly string[]
  /** Administrators in addition to those by role. */
  adminSubjects?: readonly NamedOwner[]
  /** Keys without a row. */
  configuredKeys?: ConfiguredKeys
  /** The administrators' emails, in lower case. If null, the first account to register is an administrator. */
  adminEmails: readonly string[] | null
  /** The URL at which users reach the dashboard, for links to it; null if unknown. */
  publicUrl?: string | null
  /** Sends a mail to the owner of an account. Without it, there are no mails. */
  sendMail?: ((mail: AccountMail) => Promise<void>) | undefined
  /** Whether administrators with an account need a second factor to act as such. */
  adminSecondFactor?: "optional" | "required"
  /** How long audit events are kept. */
  auditRetentionDays: number
  /**
   * Verdicts need a lease of this many seconds (1 to 10), and may come from memory while it is held. With null, each
   * batch of verdicts reads the database.
   */
  verifyLease?: { seconds: number; cache: boolean } | null
  /** Overrides entries of `defaultLimits`. */
  limits?: Partial<Limits>
  /** Called with the name of a configured key that was reported as leaked, which only configuration can end. */
  onConfiguredKeyLeaked?: (name: string) => void
  /** Called with failures of background work. */
  onBackgroundError: (error: unknown) => void
  observer?: AuthObserver | undefined
}
