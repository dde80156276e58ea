import type { SecretKeys } from "../../src/crypto/keyring.ts"
import type { AccessTokenSubject } from "../../src/sessions/accessToken.ts"
import { hostileClaims } from "./claims.ts"
import { hostileEncodings, hostileSignatures } from "./encodings.ts"
import { createForge, type NamedTokens } from "./forge.ts"
import { hostileHeaders } from "./headers.ts"

/**
 * Tokens that no verifier may accept, made with the right key for a session that may be live: everything that RFC 7515,
 * 7519 and 8725 warn about. The name of each completes "a token with …".
 */
export async function hostileTokens(keys: SecretKeys, subject: AccessTokenSubject): Promise<NamedTokens> {
  const forge = createForge(keys, subject)
  return [
    ...hostileHeaders(forge, keys),
    ...hostileClaims(forge),
    ...(await hostileEncodings(forge, keys)),
    ...hostileSignatures(forge),
  ]
}
