import type { LatchkeyOptions } from "../options.ts"
import { checkApiKey } from "./checkApiKey.ts"
import { createSession, type Refresh } from "./createSession.ts"
import type { Credential } from "./credential.ts"
import { credentialHeaders } from "./credentialHeaders.ts"

/**
 * The credential in a client's options.
 *
 * @throws {TypeError} if there are several, instead of guessing which one was meant, and if there is a key that is
 *   empty or malformed.
 */
export function createCredential(
  options: LatchkeyOptions,
  refresh: Refresh,
  limits: { timeout: number },
): Credential {
  const { apiKey, accessToken, session } = options
  if ([apiKey, accessToken, session].filter((given) => given !== undefined && given !== null).length > 1) {
    throw new TypeError("pass only one of apiKey, accessToken and session")
  }
  if (session) return createSession(session, refresh, limits)
  if ("apiKey" in options && accessToken === undefined) checkApiKey(apiKey)
  const [name, secret] = apiKey ? (["apiKey", apiKey] as const) : (["accessToken", accessToken] as const)
  return async (send) => {
    const value = typeof secret === "function" ? await secret() : secret
    return send(value ? credentialHeaders(name, value) : {})
  }
}
