import type { createApiKey } from "@latchkey/contract/schemas"
import type { ApiKeySettings } from "@latchkey/db"
import type { z } from "zod"
import { AuthError } from "../errors.ts"
import { readAllowedIps } from "./allowedIps.ts"

export type NewApiKey = z.output<typeof createApiKey>

/**
 * The settings of a new key, with the scopes as they are asked for.
 *
 * @param options.isProduct whether the product itself creates it, not its owner. What the product sets is locked, unless it
 *   says otherwise.
 * @throws {AuthError} `INVALID_INPUT`, `FORBIDDEN` for what only the product may set.
 */
export function readNewSettings(input: NewApiKey, { isProduct }: { isProduct: boolean }): ApiKeySettings {
  const { label, expiresAt = null, scopes = null, allowedIps = null, rateLimit = null } = input
  if (!isProduct) refuseProductSettings(input)
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new AuthError("INVALID_INPUT", "expiresAt must be in the future", { field: "expiresAt" })
  }
  const isRestricted = scopes !== null || allowedIps !== null || rateLimit !== null
  return {
    label,
    expiresAt,
    scopes,
    allowedIps: allowedIps && readAllowedIps(allowedIps),
    rateLimit,
    metadata: input.metadata ?? null,
    locked: isProduct && (input.lock ?? isRestricted),
  }
}

/** @throws {AuthError} `FORBIDDEN`. */
export function refuseProductSettings({ metadata, lock }: Pick<NewApiKey, "metadata" | "lock">) {
  if (metadata === undefined && lock === undefined) return
  throw new AuthError("FORBIDDEN", "Only the product itself can set metadata and lock.")
}
