import type { ProtectedResource } from "@latchkey/api"
import type { Settings } from "../options/readOptions.ts"

/** For clients that look for the issuers of tokens. Undefined without issuers, or if the public URL is not known. */
export function protectedResourceOf(
  { publicUrl, trustedIssuers, scopes }: Settings,
  mountedAt: string | null,
): ProtectedResource | undefined {
  if (publicUrl === undefined || trustedIssuers.length === 0) return undefined
  const resource = withoutSlash(publicUrl)
  return {
    resource,
    url: resource + (mountedAt ?? ""),
    issuers: trustedIssuers.map(({ issuer }) => issuer),
    scopes,
  }
}

/** The URL at which users reach the dashboard, or null if that is not known. */
export const dashboardUrlOf = (
  { publicUrl, dashboard }: Pick<Settings, "publicUrl" | "dashboard">,
  mountedAt: string | null,
): string | null =>
  publicUrl === undefined || !dashboard ? null : withoutSlash(publicUrl) + (mountedAt ?? "")

const withoutSlash = (url: string) => url.replace(/\/$/, "")
