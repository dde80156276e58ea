import {
  apiKey,
  apiKeyUsage,
  createApiKey,
  createdApiKey,
  id,
  listApiKeys,
  rateLimit,
  reportLeakedApiKey,
  rotateApiKey,
  updateApiKey,
  usageOfAllApiKeys,
  usageOfApiKey,
  usageOfApiKeys,
} from "@latchkey/contract/schemas"
import { describe } from "./describe.ts"

/** Describes the fields of API keys and their usage. */
export function describeKeys() {
  describe(id.shape, { id: "The id." })
  describe(apiKey.shape, {
    id: "The id of the API key. This is not the key itself.",
    label: "The user's name for the key.",
    start: "The key's prefix and first 8 characters, for display.",
    scopes: "What the key may do; null for every scope of its owner.",
    allowedIps: "The CIDR blocks from which the key may be used; null for any address.",
    rateLimit:
      "How many calls the key may make, by its own limit or the server's configuration; null without a limit.",
    disabled: "Whether the key is rejected until it is enabled again.",
    locked:
      "Whether the product has set the scopes, addresses and limit, so that the owner can't change them.",
    metadata: "What the product has stored with the key.",
    replaces: "The id of the API key that this one replaces.",
    replacedBy: "The id of the API key that replaces this one.",
    createdBy: "The person who created the key, or else the owner's subject.",
    createdAt: "When the key was created.",
    lastUsedAt: "When the key was last used, accurate to a few seconds; null if never.",
    expiresAt: "When the key expires; null if never.",
    revokedAt: "When the key was revoked; null unless revoked.",
  })
  describe(createApiKey.shape, {
    label: "The user's name for the key: 1 to 100 characters.",
    expiresAt:
      "When the key expires: a time with a zone, or a date such as `2030-01-31`, until the end of that day in UTC. Omit it or set it to null for a key that never expires.",
    scopes:
      "What the key may do. Omit it or set it to null for every scope of the owner, including any declared later.",
    allowedIps:
      "1 to 20 IPv4 or IPv6 addresses or CIDR blocks from which the key may be used. Omit it or set it to null for any address.",
    rateLimit:
      "How many calls the key may make. Omit it or set it to null for the limit that the server's configuration sets, if any, which is also the highest that users can set.",
    metadata: "At most 20 named texts, 2 KiB together. Only the product itself can set it.",
    lock: "Whether the owner can't change the scopes, addresses and limit that are set here. Only the product itself can set it; true by default if any of them is set.",
  })
  describe(updateApiKey.shape, {
    label: "The user's name for the key: 1 to 100 characters.",
    disabled: "Whether the key is rejected until it is enabled again.",
  })
  describe(rotateApiKey.shape, {
    grace:
      "How many seconds the old key stays valid, unless it expires earlier: up to 30 days. 0 revokes it at once.",
    expiresAt:
      "When the new key expires, as for a created one. Omit it for the old key's expiry, or set it to null for a key that never expires.",
  })
  describe(rateLimit.shape, {
    limit: "The number of calls in the window.",
    window: "The length of the window in seconds. A window begins with its first call.",
  })
  for (const input of [usageOfApiKey, usageOfAllApiKeys.unwrap()]) {
    describe(input.shape, { days: "The number of days, including today. Days are in UTC." })
  }
  describe(apiKeyUsage.shape, { items: "One item for each day, the oldest first; the last is today." })
  describe(apiKeyUsage.shape.items.element.shape, {
    date: "The day.",
    accepted: "Calls that were accepted.",
    limited: "Calls that were refused because of the key's rate limit.",
  })
  describe(usageOfApiKeys.shape, {
    dates: "The days, the oldest first; the last is today.",
    items: "The API keys that were used, with the most used first.",
  })
  describe(usageOfApiKeys.shape.items.element.shape, {
    apiKeyId: "The id of the API key.",
    accepted: "Calls that were accepted, a number for each of `dates`.",
    limited: "Calls that were refused because of the key's rate limit, a number for each of `dates`.",
  })
  describe(reportLeakedApiKey.shape, { key: "The found key, exactly as it was found." })
  describe(createdApiKey.shape, { key: "The key itself. Latchkey keeps no copy." })
  describe(listApiKeys.out.shape, { search: "Return only API keys whose label contains this text." })
}
