import type { TrustedIssuers } from "../src/identities/trustedIssuers/createTrustedIssuers.ts"
import type { IssuerToken } from "../src/identities/trustedIssuers/issuerToken.ts"
import { bearer } from "./createTestAuth.ts"

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A trusted issuer whose tokens need no signature, for tests of the steps after their verification. */
export function createFakeIssuer(issuer: string) {
  const issuers: TrustedIssuers = {
    issuers: [issuer],
    async verify(_, token) {
      const [, payload = ""] = token.split(".")
      const { iss: _iss, ...claims } = JSON.parse(Buffer.from(payload, "base64url").toString())
      return claims as IssuerToken
    },
  }
  return {
    issuer,
    issuers,
    /** The headers of a call with a token. */
    bearer(claims: Partial<IssuerToken>): Headers {
      const expiresAt = Math.floor(Date.now() / 1000) + 300
      const token: IssuerToken = {
        issuer,
        subject: "ada",
        scopes: null,
        manage: "write",
        expiresAt,
        ...claims,
      }
      return bearer(`${encode({ alg: "none" })}.${encode({ iss: issuer, ...token })}.signature`)
    },
  }
}
