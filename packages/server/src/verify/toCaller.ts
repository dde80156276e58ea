import type { Caller as AuthCaller } from "@latchkey/auth"
import type { Caller } from "../types.ts"

/** The caller as hosts see it. */
export function toCaller(caller: AuthCaller): Caller {
  const { owner, actor, via, scopes, expiresAt } = caller
  return {
    subject: owner.subject,
    issuer: owner.issuer,
    ...(actor !== undefined && { actor }),
    via,
    ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId, label: caller.label }),
    scopes,
    ...(caller.via === "apiKey" && caller.metadata !== null && { metadata: caller.metadata }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}
