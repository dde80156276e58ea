import type { VerifiableApiKey } from "@latchkey/db"

/** Why a key is not valid. All causes look the same to the caller. */
export interface KeyRejection {
  /** `unknown`: no such key, or it was revoked, or this server does not serve its owner's issuer. */
  cause: "malformed" | "unknown" | "mismatch" | "expired" | "disabled" | "ownerDisabled" | "address"
  /** If the secret matches. */
  apiKeyId?: string
}

export type VerifiedKey = { row: VerifiableApiKey } | KeyRejection
