import type { CreateOwnerTokenInput, OwnerToken } from "@latchkey/contract"
import type { Credential } from "../credentials/credential.ts"
import type { CallOptions } from "../options.ts"
import type { Call, CallDetails } from "../transport/createCall.ts"
import { type ApiKeys, createApiKeys } from "./createApiKeys.ts"

/** The calls that a backend makes for one of its users. */
export interface ForOwner {
  /** The user's keys. */
  readonly apiKeys: ApiKeys
  readonly ownerTokens: {
    /**
     * Creates a token for the user's browser, which is valid only for the user's keys.
     *
     * @throws {LatchkeyError} `INVALID_INPUT`, `FORBIDDEN`, `INSUFFICIENT_SCOPE`.
     */
    create(input?: CreateOwnerTokenInput, options?: CallOptions): Promise<OwnerToken>
  }
}

/**
 * Acts for a user of the product. Needs a client with an `apiKey` that has the scope `latchkey:manage`.
 *
 * @param owner your own id for the user or organization, and its issuer: `host` by default.
 * @param by the person who acts, for the audit trail and `createdBy`.
 * @throws {TypeError} for an empty id.
 */
export type As = (owner: { subject: string; issuer?: string }, by?: { actor?: string }) => ForOwner

export const createAs =
  (call: Call, credential: Credential): As =>
  ({ subject, issuer = "host" }, { actor } = {}) => {
    const owner = {
      "Latchkey-On-Behalf-Of": `${encode("issuer", issuer)} ${encode("subject", subject)}`,
      ...(actor !== undefined && { "Latchkey-Actor": encode("actor", actor) }),
    }
    const acting: Credential = (send) => credential((headers) => send({ ...headers, ...owner }))
    const query: CallDetails = { kind: "query", credential: acting }
    const mutation: CallDetails = { kind: "mutation", credential: acting }
    return {
      apiKeys: createApiKeys(call, { query, mutation }),
      ownerTokens: {
        create: (input, options) => call("ownerTokens", "create", input, { ...options, ...mutation }),
      },
    }
  }

/** A missing id would otherwise become a user named "undefined". */
function encode(name: string, text: unknown): string {
  if (typeof text !== "string" || !/^(?!.*\p{Cc}).{1,255}$/su.test(text) || /\p{Cs}/u.test(text)) {
    throw new TypeError(`${name} must be a text of 1 to 255 characters`)
  }
  return encodeURIComponent(text)
}
