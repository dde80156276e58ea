import { createHash, randomBytes } from "node:crypto"

const TOKEN_BYTES = 32

/** Creates a random token, and the hash to store. Plain SHA-256 is enough for 256 random bits (ASVS 5.0, 6.5.2). */
export function createOpaqueToken() {
  const token = randomBytes(TOKEN_BYTES).toString("base64url")
  return { token, tokenHash: sha256(token) }
}

/** The hash of a token, or null if the text does not have the format of one. */
export function hashOpaqueToken(token: string): Buffer | null {
  const isToken = Buffer.from(token, "base64url").toString("base64url") === token && token.length === 43
  return isToken ? sha256(token) : null
}

const sha256 = (text: string) => createHash("sha256").update(text).digest()
