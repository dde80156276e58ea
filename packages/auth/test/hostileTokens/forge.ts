import { createHmac, type KeyObject } from "node:crypto"
import type { SecretKeys } from "../../src/crypto/keyring.ts"
import type { AccessTokenSubject } from "../../src/sessions/accessToken.ts"

/** A table of tokens, each with what is wrong about it. */
export type NamedTokens = readonly (readonly [string, string])[]

/** JSON as an object, or as the text or the bytes that stand for it. */
type Part = object | number | boolean | null | string | Buffer

/** Makes tokens by hand, with a signature that is good unless told otherwise, whatever they say. */
export interface Forge {
  header: { alg: string; typ: string; kid: string }
  payload: { iss: string; aud: string; sub: string; sid: string; iat: number; exp: number }
  sign(header: Part, payload: Part, options?: { key?: KeyObject | Buffer | string; hash?: string }): string
  /** The signature of text that is there already. */
  seal(signed: string, options?: { key?: KeyObject | Buffer | string; hash?: string }): string
}

/** A forge that has the right key, so that a token that is refused is refused for what it says. */
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
      // Long enough for a table of them on a slow machine.
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
