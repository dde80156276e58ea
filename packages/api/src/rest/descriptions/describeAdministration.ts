import {
  listedUser,
  listOwnedApiKeys,
  listUsers,
  ownedApiKey,
  resetLink,
  revokeWhere,
  revokeWhereConditions,
  revokeWherePreview,
  revokeWhereResult,
} from "@latchkey/contract/schemas"
import { describe } from "./describe.ts"

/** Describes the fields of what administrators see and do. */
export function describeAdministration() {
  describe(resetLink.shape, {
    token: "The token of the link.",
    url: "The link; null if the server does not know where users reach its dashboard (`PUBLIC_URL`).",
    expiresAt: "When the link expires.",
  })
  describe(ownedApiKey.shape, { owner: "The user to whom the key belongs." })
  describe(ownedApiKey.shape.owner.shape, {
    disabledAt: "When the user was disabled; null unless disabled. Keys of disabled users are rejected.",
  })
  describe(revokeWhere.shape, {
    where:
      "Which API keys to revoke. There must be at least one condition, and an API key must meet all of them.",
    preview: "True to revoke nothing yet.",
    confirm: "The `confirm` of the preview.",
  })
  describe(revokeWhereConditions.shape, {
    createdBefore: "Created before this time.",
    createdAfter: "Created at this time or later.",
    unusedSince: "Neither used nor created since this time.",
    issuer: "Who vouches for the owner.",
    subject: "The id of the owner at the issuer.",
    createdBy: "The person who created the key, or else the owner's subject.",
    labelContains: "A part of the label, ignoring case.",
    scope:
      "A scope that the key has. A product's scope also finds API keys that have every scope of their owner.",
  })
  describe(revokeWherePreview.shape, {
    count: "The number of active API keys that match.",
    sample: "Up to 10 of them, the newest first.",
    confirm: "Confirms the revocation.",
  })
  describe(revokeWhereResult.shape, {
    revoked: "How many API keys were revoked, including those of earlier attempts.",
  })
  describe(listedUser.shape, {
    createdAt: "When the account was created, or the user first stored.",
    disabledAt: "When the user was disabled; null unless disabled.",
    activeKeys: "The number of keys neither revoked nor expired.",
    hasSecondFactor:
      "Whether the account has a second factor; false for users without an account of Latchkey's own.",
  })
  describe(listUsers.out.shape, {
    status: "Which users to return.",
  })
  describe(listOwnedApiKeys.out.shape, {
    status: "Which API keys to return: `all` includes revoked and expired ones.",
    userId: "Return only the API keys of this user.",
    origin: "Which API keys to return: `imported` are those that were brought from another system.",
    search: "Return only items that match this text.",
  })
}
