import type { Caller } from "@latchkey/auth"
import { header } from "./errorResponses.ts"
import type { RestOperation } from "./restOperations.ts"

const NAMES = {
  subject: "X-Latchkey-Subject",
  issuer: "X-Latchkey-Issuer",
  keyId: "X-Latchkey-Key-Id",
  scopes: "X-Latchkey-Scopes",
  via: "X-Latchkey-Via",
}

/**
 * The caller as headers. Each header is always present and never empty: if a response lacked one, proxies have passed
 * on the client's own (GHSA-7r4p-vjf4-gxv4).
 */
export const verdictHeaders = (caller: Caller): Record<string, string> => ({
  [NAMES.subject]: encode(caller.owner.subject),
  [NAMES.issuer]: encode(caller.owner.issuer),
  [NAMES.keyId]: caller.via === "apiKey" ? encode(caller.apiKeyId) : NONE,
  [NAMES.scopes]: caller.scopes.length > 0 ? caller.scopes.map(encode).join(" ") : NONE,
  [NAMES.via]: caller.via,
})

const NONE = "-"

/** Percent-encodes the bytes that are not visible ASCII, `%` itself, and a text that would mean "none". */
function encode(text: string): string {
  if (text === NONE) return "%2D"
  if (/^[\x21-\x24\x26-\x7e]+$/.test(text)) return text
  const characters = [...Buffer.from(text)].map((byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  )
  return characters.join("")
}

const ENCODED = "Bytes outside visible ASCII and `%` are percent-encoded."

/** Forward authentication, as OpenAPI describes it. */
export const forwardAuthOperation: RestOperation = {
  operationId: "auth.verify",
  procedure: "auth.verify",
  method: "GET",
  path: "/auth/verify",
  kind: "query",
  access: "jwtOrKey",
  accounts: false,
  status: 204,
  summary: "Verify a request for a reverse proxy",
  description:
    "For the forward authentication of reverse proxies, such as `auth_request` of nginx and `forward_auth` of Caddy. Send the headers of a request here with GET, whatever its method. The response's headers describe the caller. With `deny=403`, every refusal but 401 is a 403, and `X-Latchkey-Status` has the status that it would have been.",
  input: {
    type: "object",
    properties: {
      scope: {
        type: "string",
        description:
          "The scopes that the caller must have, separated by spaces. All of them must be declared.",
      },
      deny: {
        type: "string",
        enum: ["403"],
        description: "`403` for proxies that know no other refusals than 401 and 403.",
      },
    },
  },
  output: null,
  headers: {
    [NAMES.subject]: header(`The owner's id at the issuer. ${ENCODED}`, "string"),
    [NAMES.issuer]: header(`Who vouches for the owner, such as \`latchkey\`. ${ENCODED}`, "string"),
    [NAMES.keyId]: header("The id of the API key; `-` for an access token.", "string"),
    [NAMES.scopes]: header("The scopes of the credential, separated by spaces; `-` for none.", "string"),
    [NAMES.via]: header("The kind of credential: `apiKey` or `jwt`.", "string"),
  },
  reasons: ["FORBIDDEN", "INSUFFICIENT_SCOPE"],
}
