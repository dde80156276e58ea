import { randomBytes } from "node:crypto"

/** A new key: 32 random bytes as 64 lowercase hex characters. */
export const generateApiKey = () => randomBytes(32).toString("hex")

export const isApiKey = (text: string) => /^[0-9a-f]{64}$/.test(text)

/** The part that finds the row; the other 48 characters, 192 bits, are the secret. */
export const lookupIdOf = (apiKey: string) => apiKey.slice(0, 16)

/** What lists show of a key, which is the beginning of its lookup id. */
export const startOf = (lookupId: string) => lookupId.slice(0, 8)
