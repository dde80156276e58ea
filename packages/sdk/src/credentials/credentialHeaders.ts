import { LatchkeyError } from "../latchkeyError.ts"

/** The headers that carry a credential. */
export type CredentialHeaders = Readonly<Record<string, string>>

/** @throws {LatchkeyError} for characters that a header can't hold. The platform's own error would quote the secret. */
export function credentialHeaders(name: "apiKey" | "accessToken", value: string): CredentialHeaders {
  const credential = String(value).trim()
  if (!/^[\x21-\x7e]+$/.test(credential)) {
    throw new LatchkeyError(`${name} must be ASCII without spaces or line breaks`, {
      reason: "INVALID_INPUT",
    })
  }
  return name === "apiKey" ? { "X-API-Key": credential } : { Authorization: `Bearer ${credential}` }
}
