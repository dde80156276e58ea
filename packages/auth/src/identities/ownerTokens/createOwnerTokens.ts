import { type Database, recordOwnerToken } from "@latchkey/db"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import { AuthError, requireDone } from "../../errors.ts"
import { actingCredentialOf, type Caller } from "../caller.ts"
import { MANAGE, requireScopes } from "../scopes.ts"
import { signOwnerToken } from "./ownerToken.ts"

/** Tokens for the browsers of owners. */
export interface OwnerTokens {
  /**
   * Checks that a key acts for an owner.
   *
   * @throws {AuthError} `INSUFFICIENT_SCOPE` without `latchkey:manage`, `FORBIDDEN` for a key that names no owner.
   */
  requireManager(caller: Caller): void
  /**
   * Creates a JWT that is valid only for the key routes of the owner for whom a key acts.
   *
   * @param input.ttl seconds.
   * @throws {AuthError} as `requireManager`, and `UNAUTHENTICATED` if the key has ended or the owner is disabled.
   */
  create(
    caller: Caller,
    input: { manage: "read" | "write"; ttl: number },
    client: ClientInfo,
  ): Promise<{ accessToken: string; expiresAt: Date }>
}

export function createOwnerTokens({ db, keyring }: { db: Database; keyring: Keyring }): OwnerTokens {
  return {
    requireManager,

    async create(caller, { manage, ttl }, client) {
      const { apiKeyId, fingerprint } = requireManager(caller)
      const { owner, actor } = caller
      const { issuer, subject } = owner
      const content = { owner: { issuer, subject }, actor, manage, madeBy: { apiKeyId, fingerprint } }
      const created = await signOwnerToken(keyring, content, ttl)
      requireDone(await recordOwnerToken(db, { by: actingCredentialOf(caller), client }))
      return created
    },
  }
}

function requireManager(caller: Caller) {
  if (caller.via === "apiKey" && caller.manager) return caller
  requireScopes(caller, [MANAGE])
  throw new AuthError("FORBIDDEN", "Name the owner in Latchkey-On-Behalf-Of.")
}
