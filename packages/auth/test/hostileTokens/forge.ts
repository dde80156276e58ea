import { createHmac, type KeyObject } from "node:crypto"
import type { SecretKeys } from "../../src/crypto/keyring.ts"
import type { AccessTokenSubject } from "../../src/sessions/accessToken.ts"

/** Tokens, each named for what is wrong with it. */
export type NamedTokens = readonly (readonly [string, string])[]

/** A JSON value, or its encoding as text or bytes. */
type Part = object | number | boolean | null | string | Buffer

/** Makes tokens with any content and, by default, a valid signature. */
export interface Forge {
  header: { alg: string; typ: string; kid: string }
  payload: { iss: string; aud: string; sub: string; sid: string; iat: number; exp: number }
  sign(header: Part, payload: Part, options?: { key?: KeyObject | Buffer | string; hash?: string }): string
  /** Appends the signature to a text. */
  seal(signed: string, options?: { key?: KeyObject | Buffer | string; hash?: string }): string
}

/** Creates a forge with the right key, so that tokens are rejected for their content. */
export function createForge(keys: SecretKeys, { userId, sessionId }: AccessTokenSubject): Forge {
  const now = Math.floor(Date.now() / 1000)
  const forge: Forge = {
    header: { alg: "HS256", typ: "at+jwt", kid: keys.id },
    payload: {
      iss: "latchkey",
      aud: "latchkey",
      sub: userId,
      sid: sessionId,
      iat: now,
      // Long enough for a whole test run on a slow machine.
      exp: now + 600,
    },
    sign: (header, payload, options) => forge.seal(`${base64url(header)}.${base64url(payload)}`, options),
    seal(signed, { key = keys.accessTokenKey, hash = "sha256" } = {}) {
      return `${signed}.${createHmac(hash, key).update(signed).digest("base64url")}`
    },
  }
  return forge
}

export function base64url(part: Part): string {
  const isText = typeof part === "string" || Buffer.isBuffer(part)
  return Buffer.from(isText ? part : JSON.stringify(part)).toString("base64url")
}
