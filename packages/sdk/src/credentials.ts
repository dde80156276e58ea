import type { CredentialHeaders } from "./createTransport.ts"
import { LatchkeyError } from "./latchkeyError.ts"
import type { LatchkeyOptions } from "./options.ts"
import { createSession, type Refresh } from "./session.ts"

/** Makes a call with a credential, and another one if the first can be renewed. */
export type Credential = <T>(send: (headers: CredentialHeaders) => Promise<T>) => Promise<T>

/** For calls that tell who is calling by themselves, such as signing in. */
export const noCredential: Credential = (send) => send({})

/**
 * The credential that a client was made with.
 *
 * @throws {TypeError} when there are several: which of them was meant is not for us to guess.
 */
export function createCredential(options: LatchkeyOptions, refresh: Refresh): Credential {
  const { apiKey, accessToken, session } = options as {
    [Name in keyof LatchkeyOptions]: LatchkeyOptions[Name]
  }
  if ([apiKey, accessToken, session].filter((given) => given !== undefined && given !== null).length > 1) {
    throw new TypeError("give one of apiKey, accessToken and session")
  }
  if (session) return createSession(session, refresh)
  const [name, secret] = apiKey ? (["apiKey", apiKey] as const) : (["accessToken", accessToken] as const)
  return async (send) => {
    const value = typeof secret === "function" ? await secret() : secret
    return send(value ? credentialHeaders(name, value) : {})
  }
}

/** @throws {LatchkeyError} for what no header can hold; the platform's error would quote it. */
export function credentialHeaders(name: "apiKey" | "accessToken", value: string): CredentialHeaders {
  const credential = String(value).trim()
  if (!/^[\x21-\x7e]+$/.test(credential)) {
    throw new LatchkeyError(`${name} must be ASCII without spaces or line breaks`, {
      reason: "INVALID_INPUT",
    })
  }
  return name === "apiKey" ? { "X-API-Key": credential } : { Authorization: `Bearer ${credential}` }
}
