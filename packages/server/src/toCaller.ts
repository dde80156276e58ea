import type { Caller as AuthCaller } from "@latchkey/auth"
import type { Caller } from "./types.ts"

/** The caller as hosts see it. */
export function toCaller(caller: AuthCaller): Caller {
  return {
    subject: caller.user.id,
    issuer: "latchkey",
    via: caller.via,
    scopes: [],
    ...(caller.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
  }
}
