import type { VerifiableApiKey } from "@latchkey/db"
import { AuthError } from "../../errors.ts"

/**
 * The checks that this version makes before it accepts a key. Later versions add others, and an instance of this
 * version that is still running must not skip those.
 */
const KNOWN_CHECKS: ReadonlySet<string> = new Set([
  "scopes",
  "allowedIps",
  "rateLimit",
  "disabled",
  "imported",
])

/** @throws {AuthError} `UNAVAILABLE` for a key that needs a check that this version does not know. */
export function requireKnownChecks({ checks }: Pick<VerifiableApiKey, "checks">): void {
  if (checks.every((check) => KNOWN_CHECKS.has(check))) return
  throw new AuthError("UNAVAILABLE", "This key can't be verified by this server.", {
    cause: new Error("the key needs a check that only a newer version knows"),
  })
}
