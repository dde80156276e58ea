import type { apiKeyChange } from "@latchkey/contract/schemas"
import type { ChangeableApiKey, ChangeableSettings } from "@latchkey/db"
import type { z } from "zod"
import { AuthError } from "../errors.ts"
import { isAdministrative } from "../identities/scopes.ts"
import { readAllowedIps } from "./allowedIps.ts"
import type { Expiry } from "./expiry.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import { refuseProductSettings } from "./newSettings.ts"

/** The requested change of a key. Undefined fields stay as they are. */
export type ApiKeyChange = z.output<typeof apiKeyChange>

/** A change that has been checked as far as that is possible without the key. */
export interface CheckedChange extends Omit<ApiKeyChange, "scopes"> {
  scopes?: readonly string[] | null | undefined
  /** Whether the product itself makes it, not the key's owner. */
  isProduct: boolean
  /** Whether a managing key, or a token that it created, makes it. */
  isByManager: boolean
}

/**
 * @param options.grant returns the scopes to store, given the requested ones.
 * @throws {AuthError} `INVALID_INPUT`, `FORBIDDEN` for fields that only the product may set, and the errors of `grant`.
 */
export function checkChange(
  change: ApiKeyChange,
  options: {
    isProduct: boolean
    isByManager: boolean
    grant: (scopes: readonly string[] | null) => readonly string[] | null
  },
): CheckedChange {
  if (!options.isProduct) refuseProductSettings(change)
  const { scopes, allowedIps } = change
  return {
    ...change,
    isProduct: options.isProduct,
    isByManager: options.isByManager,
    ...(scopes !== undefined && { scopes: options.grant(scopes) }),
    ...(allowedIps && { allowedIps: readAllowedIps(allowedIps) }),
  }
}

/** The settings of a key after a change, or the reason why it can't be made. */
export function decideChange(
  before: ChangeableApiKey,
  change: CheckedChange,
  { expiry, rateLimits }: { expiry: Expiry; rateLimits: Pick<KeyRateLimits, "refuse"> },
): { after: ChangeableSettings } | { refusal: AuthError } {
  // A leaked key must not lift its own restrictions, nor give another such key back.
  if (change.isByManager && before.scopes?.some(isAdministrative)) return { refusal: onlyAdministrators() }
  const after: ChangeableSettings = {
    label: change.label ?? before.label,
    expiresAt: keep(change.expiresAt, before.expiresAt),
    scopes: keep(change.scopes, before.scopes),
    allowedIps: keep(change.allowedIps, before.allowedIps),
    rateLimit: keep(change.rateLimit, before.rateLimit),
    metadata: keep(change.metadata, before.metadata),
    disabled: change.disabled ?? before.disabled,
    locked: change.lock ?? (before.locked || (change.isProduct && setsRestriction(change))),
  }
  const refusal =
    (change.expiresAt === undefined ? null : refuseExpiry(before, after.expiresAt, expiry)) ??
    (change.rateLimit === undefined || change.isProduct ? null : rateLimits.refuse(after))
  if (refusal) return { refusal }
  if (before.locked && !change.isProduct && changesRestriction(before, after)) {
    return {
      refusal: new AuthError(
        "FORBIDDEN",
        "The product has locked this key: you can't change its scopes, addresses and limit.",
      ),
    }
  }
  return { after }
}

const onlyAdministrators = () =>
  new AuthError("FORBIDDEN", "Only administrators themselves can change a key with an administrative scope.")

const keep = <Value>(chosen: Value | undefined, before: Value): Value =>
  chosen === undefined ? before : chosen

const RESTRICTIONS = ["scopes", "allowedIps", "rateLimit"] as const

const setsRestriction = (change: CheckedChange) =>
  RESTRICTIONS.some((name) => change[name] !== undefined && change[name] !== null)

const changesRestriction = (before: ChangeableSettings, after: ChangeableSettings) =>
  RESTRICTIONS.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))

function refuseExpiry(
  { expiresAt: end, createdAt, replacedBy }: ChangeableApiKey,
  chosen: Date | null,
  expiry: Expiry,
): AuthError | null {
  if (replacedBy !== null && end && (!chosen || chosen > end)) {
    return new AuthError(
      "INVALID_INPUT",
      "expiresAt can't be moved to a later time, because another key replaces this one",
      { field: "expiresAt" },
    )
  }
  return expiry.refuse(chosen, createdAt)
}
