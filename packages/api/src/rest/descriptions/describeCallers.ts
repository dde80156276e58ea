import {
  activeToken,
  createOwnerToken,
  inactiveToken,
  introspect,
  me,
  ownerToken,
  subjectReference,
} from "@latchkey/contract/schemas"
import { describe } from "./describe.ts"

const ISSUER =
  "Who vouches for the user: `latchkey` for accounts of Latchkey's own, `host` for the product's users."
const SUBJECT = "The id of the user at the issuer."

/** Describes the fields of callers, verdicts and owner tokens. */
export function describeCallers() {
  describe(me.shape, {
    id: "The id of the user.",
    issuer: ISSUER,
    subject: SUBJECT,
    email: "The user's email address; null if unknown.",
    role: "What the user may do: `admin` for administrators.",
    createdAt: "When Latchkey first stored the user; null if it has not.",
    actor: "The person who acts for the user, if that is somebody else.",
    scopes: "The scopes of the credential.",
    via: "The kind of credential: `jwt` for access tokens, `host` for the product's own means, such as its cookie.",
    manage: "`read` if the credential may list keys, but not change them.",
    apiKeyId: "The id of the API key, if one was used.",
  })
  describe(introspect.shape, {
    token: "The API key or access token that the client presented to you.",
    address: "The IP address of that client.",
  })
  describe(activeToken.shape, {
    active: "Whether the token is valid now.",
    iss: ISSUER,
    sub: SUBJECT,
    act: "The person who acts for the user, if that is somebody else.",
    client_id: "The id of the API key, or of the client to which the access token was issued.",
    scope: "All scopes of the token, separated by spaces.",
    token_type: "The kind of token.",
    iat: "When the API key was created or the access token issued, in seconds since 1970.",
    exp: "When the token expires, in seconds since 1970. Absent if never.",
    metadata: "What the product has stored with the API key.",
  })
  describe(activeToken.shape.act.unwrap().shape, { sub: "The id of the person." })
  describe(inactiveToken.shape, { active: "Whether the token is valid now." })
  describe(subjectReference.shape, { issuer: ISSUER, subject: SUBJECT })
  describe(createOwnerToken.shape, {
    manage: "`read` for a token that changes nothing.",
    ttl: "How many seconds the token is valid.",
  })
  describe(ownerToken.shape, {
    accessToken: "A JWT, for `Authorization: Bearer`.",
    expiresAt: "When the token expires.",
  })
}
