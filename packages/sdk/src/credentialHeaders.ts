import { LatchkeyError } from "./latchkeyError.ts"

/** The headers that say who is calling. */
export type CredentialHeaders = Readonly<Record<string, string>>

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
