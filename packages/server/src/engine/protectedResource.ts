import type { ProtectedResource } from "@latchkey/api"
import type { Settings } from "../options/readOptions.ts"

/** For clients that look for the issuers of tokens. Undefined without issuers, or if the public URL is not known. */
export function protectedResourceOf(
  { publicUrl, trustedIssuers, scopes }: Settings,
  mountedAt: string | null,
): ProtectedResource | undefined {
  if (publicUrl === undefined || trustedIssuers.length === 0) return undefined
  return {
    url: publicUrl.replace(/\/$/, "") + (mountedAt ?? ""),
    issuers: trustedIssuers.map(({ issuer }) => issuer),
    scopes,
  }
}
