/**
 * Whether a text has the form of an API key: 64 lowercase hex characters. This says nothing about whether the key
 * exists or still works.
 */
export const isApiKey = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** The part of a key that finds its row and is not secret; the other 48 characters, 192 bits, are the secret. */
export const lookupIdOf = (apiKey: string): string => apiKey.slice(0, 16)

/** The part of a lookup id that lists show. */
export const startOf = (lookupId: string): string => lookupId.slice(0, 8)
