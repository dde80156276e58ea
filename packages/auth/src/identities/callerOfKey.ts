import type { VerifiableApiKey } from "@latchkey/db"
import type { NamedAdmins } from "./administrator.ts"
import type { Caller } from "./caller.ts"
import type { Scopes } from "./scopes.ts"

/** The caller that a valid key represents. */
export function callerOfKey(
  { id: apiKeyId, owner, label, metadata, scopes: stored, createdAt, expiresAt }: VerifiableApiKey,
  deps: { scopes: Scopes; namedAdmins: NamedAdmins },
): Caller {
  const withRole = deps.namedAdmins.withRole(owner)
  return {
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
  }
}
