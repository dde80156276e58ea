import type { KeyCalls } from "../keys/keyCalls.ts"
import type { KeyRejection } from "../keys/verifying/keyRejection.ts"
import type { AuthObserver, CredentialKind, Verdict } from "../observer.ts"
import type { Caller } from "./caller.ts"

/** Why a request has no caller, for the log only. */
export type RejectionCause = "none" | KeyRejection["cause"]

export interface Rejection {
  caller: null
  /** Everything that the client may learn. */
  problem: "none" | "invalid" | "ambiguous"
  cause: RejectionCause
  /** The key, if its secret matches. */
  apiKeyId?: string
  /** The id of the user of a genuine access token whose session has ended. */
  endedSessionOf?: string
  /** The caller, if the credential is valid only for the key routes of its owner. */
  forKeysOnly?: Caller
}

/** A request's caller, or the reason why there is none: no credential, an invalid one, or several. */
export type Authentication =
  | {
      caller: Caller
      /** Set for a key that has a row. Authenticating counts nothing. */
      calls?: KeyCalls
    }
  | Rejection

/** Reports the outcome of checking a credential. */
export type Report = (credential: CredentialKind, verdict: Verdict) => void

export const createReport =
  (observer: AuthObserver | undefined): Report =>
  (credential, verdict) =>
    observer?.verdict(credential, verdict)

/** A credential that is not valid. */
export const invalid = (cause: RejectionCause): Rejection => ({ caller: null, problem: "invalid", cause })

export const fromSeconds = (seconds: number) => new Date(seconds * 1000)
