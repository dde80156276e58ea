import { isApiKey } from "@latchkey/contract"
import { decodeJwt, decodeProtectedHeader } from "jose"
import { ISSUER } from "../crypto/ownJwt.ts"
import type { ImportedForms } from "../keys/imported/importedForm.ts"
import { OWNER_TOKEN_TYPE } from "./ownerTokens/ownerToken.ts"

/**
 * The most characters that a credential has, which is the maximum size of a request's headers. A longer one is not
 * decoded: a WebSocket sends its credential once, and then each of its calls would cost that.
 */
export const MAX_CREDENTIAL_LENGTH = 16_384

export type Credential =
  | { kind: "none" }
  | { kind: "ambiguous" }
  | { kind: "apiKey"; apiKey: string }
  /** A JWT that claims to be Latchkey's own. */
  | { kind: "accessToken"; accessToken: string }
  /** A JWT that claims to be Latchkey's own, for the key routes of an owner. */
  | { kind: "ownerToken"; token: string }
  /** A JWT that claims to be a trusted issuer's. */
  | { kind: "issuerToken"; issuer: string; token: string }
  /** Not one of Latchkey's. The host may know it. */
  | { kind: "foreign" }

/** The credentials that exist besides Latchkey's own. */
export interface ForeignForms {
  /** The trusted issuers. */
  issuers: readonly string[]
  imported: Pick<ImportedForms, "isKey">
}

/**
 * The one credential of a request: `X-API-Key: …`, or a key or JWT in `Authorization: Bearer …` (RFC 6750, section
 * 2.1). A JWT's unverified `iss` only selects its verifier, and no other verifier is tried.
 */
export function readCredential(headers: Pick<Headers, "get">, forms: ForeignForms): Credential {
  const authorization = headers.get("authorization")
  const apiKey = headers.get("x-api-key")
  if (apiKey !== null) {
    return authorization !== null || apiKey.includes(",") ? { kind: "ambiguous" } : { kind: "apiKey", apiKey }
  }
  if (authorization === null) return { kind: "none" }
  if (isRepeated(authorization)) return { kind: "ambiguous" }
  const bearer = /^Bearer +([^ ]+)$/i.exec(authorization)?.[1]
  return bearer === undefined ? { kind: "foreign" } : readToken(bearer, forms)
}

/** A key or JWT on its own, as in `Authorization: Bearer`. */
export function readToken(
  token: string,
  { issuers, imported }: ForeignForms,
): Exclude<Credential, { kind: "none" | "ambiguous" }> {
  if (token.length > MAX_CREDENTIAL_LENGTH) return { kind: "foreign" }
  if (isApiKey(token) || imported.isKey(token)) return { kind: "apiKey", apiKey: token }
  const issuer = issuerOf(token)
  if (issuer === ISSUER) {
    return typeOf(token) === OWNER_TOKEN_TYPE
      ? { kind: "ownerToken", token }
      : { kind: "accessToken", accessToken: token }
  }
  return issuer !== undefined && issuers.includes(issuer)
    ? { kind: "issuerToken", issuer, token }
    : { kind: "foreign" }
}

/**
 * Whether there were two credentials. `Headers` joins repeated fields with a comma (RFC 9110, section 5.3), which a
 * Bearer credential can't contain. Other schemes have commas of their own, as Digest does.
 */
const isRepeated = (authorization: string) => /^bearer\b.*,|,\s*bearer\s/i.test(authorization)

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

function typeOf(token: string): unknown {
  try {
    return decodeProtectedHeader(token).typ
  } catch {
    return undefined
  }
}
