import type { Presenter } from "../clientInfo.ts"
import { type Counting, KeyCalls } from "../keys/keyCalls.ts"
import type { LastUsed } from "../keys/lastUsed.ts"
import type { VerifyApiKey } from "../keys/verifying/verifyApiKey.ts"
import type { NamedAdmins } from "./administrator.ts"
import type { Authentication, Report } from "./authentication.ts"
import { callerOfKey } from "./callerOfKey.ts"
import type { Scopes } from "./scopes.ts"

/** Authenticates by API keys, which any owner may have. */
export function createByApiKey(deps: {
  verifyApiKey: VerifyApiKey
  lastUsed: LastUsed
  counting: Counting
  scopes: Scopes
  namedAdmins: NamedAdmins
  report: Report
}): (apiKey: string, client: Presenter) => Promise<Authentication> {
  return async (apiKey, client) => {
    const verified = await deps.verifyApiKey(apiKey, client)
    if ("cause" in verified) return { caller: null, problem: "invalid", ...verified }
    deps.lastUsed.note(verified.row.id)
    deps.report("apiKey", "accepted")
    const caller = callerOfKey(verified.row, deps)
    return { caller, calls: new KeyCalls(deps.counting, verified.row, caller.scopes) }
  }
}
