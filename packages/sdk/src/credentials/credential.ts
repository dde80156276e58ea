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
    headers
      ? (send) =>
          credential((own) => send({ ...(typeof headers === "function" ? headers() : headers), ...own }))
      : credential
