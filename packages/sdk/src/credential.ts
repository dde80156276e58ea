import type { CredentialHeaders } from "./credentialHeaders.ts"

/** Sends a call with a credential, and once more with a fresh one if the server rejects a credential that renews itself. */
export type Credential = <T>(send: (headers: CredentialHeaders) => Promise<T>) => Promise<T>

/** For calls that carry their own proof of identity, such as signing in. */
export const noCredential: Credential = (send) => send({})
