/** 64 hex characters, alone or between a product's prefix and a checksum: `<prefix>_<64 hex><8 hex>`. */
const API_KEY = /^(?:[0-9a-f]{64}|[a-z0-9_]{1,19}[a-z0-9]_[0-9a-f]{72})$/

/**
 * Whether a string is formatted like an API key: 64 lowercase hex characters, or the same with a prefix and a checksum.
 * Does not check that the key exists or is active.
 */
export const isApiKey = (text: string): boolean => API_KEY.test(text)

/** The part of a key that is not secret: its prefix and the first 16 of its 64 characters. */
export function publicPartOf(apiKey: string): string {
  const end = apiKey.length === 64 ? 16 : apiKey.length - 72 + 16
  return apiKey.slice(0, end)
}

/** The public part of a key's 64 characters, which identifies its row. The other 48 (192 bits) are the secret. */
export const lookupIdOf = (key: string): string => key.slice(0, 16)

/** The part of a key that lists display: its prefix and the first 8 characters. */
export const startOf = (lookupId: string, prefix: string | null = null): string =>
  (prefix === null ? "" : `${prefix}_`) + lookupId.slice(0, 8)
