import type { ApiKeyChange, CreateApiKeyInput, RotateApiKeyInput } from "@latchkey/contract"

interface ExpiresIn {
  /** Seconds from now, in place of `expiresAt`. */
  expiresIn?: number | undefined
}

export interface NewApiKey extends CreateApiKeyInput, ExpiresIn {}

/** The fields to change. Fields that are left out stay as they are, and null lifts a restriction. */
export interface ApiKeyUpdate extends ApiKeyChange, ExpiresIn {}

/** How to replace a key. */
export interface ApiKeyRotation extends Omit<RotateApiKeyInput, "id">, ExpiresIn {}

/**
 * An input with `expiresAt` instead of `expiresIn`.
 *
 * @throws {TypeError} for both, and for an `expiresIn` that is not a positive number.
 */
export function withExpiresAt<Input extends ExpiresIn & { expiresAt?: Date | string | null | undefined }>({
  expiresIn,
  ...input
}: Input): Omit<Input, "expiresIn"> {
  if (expiresIn === undefined) return input
  if (input.expiresAt !== undefined) throw new TypeError("expected expiresAt or expiresIn, not both")
  if (!(expiresIn > 0 && expiresIn < Number.MAX_SAFE_INTEGER / 1000)) {
    throw new TypeError("expiresIn: expected a number of seconds")
  }
  return { ...input, expiresAt: new Date(Date.now() + expiresIn * 1000) }
}
