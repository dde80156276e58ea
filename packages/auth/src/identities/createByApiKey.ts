import type { LastUsed } from "../keys/lastUsed.ts"
import type { Presenter, VerifyApiKey } from "../keys/verifyApiKey.ts"
import type { NamedAdmins } from "./administrator.ts"
import type { Authentication, Report } from "./authentication.ts"
import type { Scopes } from "./scopes.ts"

/** Authenticates by API keys, which any owner may have. */
export function createByApiKey(deps: {
  verifyApiKey: VerifyApiKey
  lastUsed: LastUsed
  scopes: Scopes
  namedAdmins: NamedAdmins
  report: Report
}): (apiKey: string, client: Presenter) => Promise<Authentication> {
  return async (apiKey, client) => {
    const verified = await deps.verifyApiKey(apiKey, client)
    if ("cause" in verified) return { caller: null, problem: "invalid", ...verified }
    const { id: apiKeyId, owner, label, metadata, scopes: stored, createdAt, expiresAt } = verified.row
    deps.lastUsed.note(apiKeyId)
    deps.report("apiKey", "accepted")
    const withRole = deps.namedAdmins.withRole(owner)
    return {
      caller: {
        owner: withRole,
        scopes: deps.scopes.ofKey(stored, withRole),
        isScoped: stored !== null,
        manage: "write",
        issuedAt: createdAt,
        ...(expiresAt && { expiresAt }),
        via: "apiKey",
        apiKeyId,
        label,
        metadata,
      },
    }
  }
}
