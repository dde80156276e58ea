/**
 * Whether a string is formatted like an API key: 64 lowercase hex characters. Does not check that the key exists or
 * is active.
 */
export const isApiKey = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** The public part of a key, which identifies its row. The other 48 characters (192 bits) are the secret. */
export const lookupIdOf = (apiKey: string): string => apiKey.slice(0, 16)

/** The part of a lookup id that is displayed in lists. */
export const startOf = (lookupId: string): string => lookupId.slice(0, 8)
