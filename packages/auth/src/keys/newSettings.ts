import type { createApiKey } from "@latchkey/contract/schemas"
import type { ApiKeySettings } from "@latchkey/db"
import type { z } from "zod"
import { AuthError } from "../errors.ts"
import { readAllowedIps } from "./allowedIps.ts"

export type NewApiKey = z.output<typeof createApiKey>

/** The settings of a new key, with the requested expiry. */
export type NewSettings = Omit<ApiKeySettings, "expiresAt"> & { expiresAt: Date | null | undefined }

/**
 * The settings of a new key, with the requested scopes.
 *
 * @param options.isProduct whether the product itself creates it, not its owner. Settings by the product are locked,
 *   unless it says otherwise.
 * @throws {AuthError} `INVALID_INPUT`, `FORBIDDEN` for fields that only the product may set.
 */
export function readNewSettings(input: NewApiKey, { isProduct }: { isProduct: boolean }): NewSettings {
  const { label, expiresAt, scopes = null, allowedIps = null, rateLimit = null } = input
  if (!isProduct) refuseProductSettings(input)
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
export function refuseProductSettings({ metadata, lock }: Pick<NewApiKey, "metadata" | "lock">): void {
  if (metadata === undefined && lock === undefined) return
  throw new AuthError("FORBIDDEN", "Only the product itself can set metadata and lock.")
}
