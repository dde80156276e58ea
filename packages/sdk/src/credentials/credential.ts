import { LatchkeyError } from "../latchkeyError.ts"
import type { CustomHeaders } from "../options.ts"
import type { CredentialHeaders } from "./credentialHeaders.ts"

/** Sends a call with its credential headers. A session resends the call once if the server rejects its access token. */
export type Credential = <T>(send: (headers: CredentialHeaders) => Promise<T>) => Promise<T>

/** For calls that authenticate by their input, such as signing in. */
export const noCredential: Credential = (send) => send({})

/** Adds an application's own headers, which can't replace the credential's. */
export const addHeaders =
  (headers: CustomHeaders | undefined) =>
  (credential: Credential): Credential =>
    headers ? (send) => credential(async (own) => send({ ...read(headers), ...own })) : credential

/** @throws {LatchkeyError} for characters that a header can't hold. The platform's own error would quote the value. */
function read(headers: CustomHeaders): Readonly<Record<string, string>> {
  const all = typeof headers === "function" ? headers() : headers
  for (const [name, value] of Object.entries(all)) {
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue
    throw new LatchkeyError(`the header ${name} has characters that can't be sent`, {
      reason: "INVALID_INPUT",
    })
  }
  return all
}
