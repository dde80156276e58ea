/** How many calls a key may make. */
export interface RateLimit {
  /** Calls within the window: 1 to 1,000,000,000. */
  limit: number
  /** The window in seconds: 1 to 86,400. */
  window: number
}

export interface CreateApiKeyInput {
  /** The user's name for the key: 1 to 100 characters. */
  label: string
  /**
   * A `Date`, a time in ISO 8601 with a zone, or a date such as `2030-01-31`, which is the end of that day in UTC. Omitted or
   * null: the key never expires.
   */
  expiresAt?: Date | string | null | undefined
  /** Omitted or null: every scope of the owner, including any declared later. Empty: none. */
  scopes?: string[] | null | undefined
  /** 1 to 20 IPv4 or IPv6 addresses or CIDR blocks that the key may be used from. Omitted or null: any address. */
  allowedIps?: string[] | null | undefined
  /** Omitted or null: no limit, or the server's default. */
  rateLimit?: RateLimit | null | undefined
  /** At most 20 named texts, 2 KiB together. Only for the product itself. */
  metadata?: Record<string, string> | null | undefined
  /** False: the owner may change the scopes, addresses and limit that the product sets. Only for the product itself. */
  lock?: boolean | undefined
}

/** A change of a key. Fields that are left out stay as they are. Null lifts a restriction. */
export interface ApiKeyChange extends Omit<CreateApiKeyInput, "label"> {
  label?: string | undefined
  /** A disabled key is rejected until it is enabled again. */
  disabled?: boolean | undefined
}

export interface UpdateApiKeyInput extends ApiKeyChange {
  id: string
}

/** A key in a list, without its secret. */
export interface ApiKey {
  id: string
  label: string
  /** The key's first 8 characters, for display. */
  start: string
  /** Null: every scope of the owner. */
  scopes: string[] | null
  /** The CIDR blocks that the key may be used from; null: any address. */
  allowedIps: string[] | null
  /** Null: no limit. */
  rateLimit: RateLimit | null
  /** A disabled key is rejected until it is enabled again. */
  disabled: boolean
  /** Whether the product has set the scopes, addresses and limit, so that the owner can't change them. */
  locked: boolean
  /** The metadata that the product has stored with the key. */
  metadata: Record<string, string> | null
  /** The id of the key that this one replaces. */
  replaces: string | null
  /** The id of the key that replaces this one. */
  replacedBy: string | null
  /** The person who created the key, or else the owner's subject. */
  createdBy: string
  createdAt: Date
  /** Accurate to a few seconds; null if never used. */
  lastUsedAt: Date | null
  /** Null if the key never expires. */
  expiresAt: Date | null
  /** Null unless revoked. */
  revokedAt: Date | null
}

/** A new key. The plaintext is returned only this once. */
export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself. Latchkey keeps no copy. */
  key: string
}

export interface RotateApiKeyInput {
  id: string
  /** Seconds that the old key stays valid: 0 to 2,592,000 (30 days), by default a day. */
  grace?: number | undefined
  /** When the new key expires; null for never. Omitted: at the same time as the old key. */
  expiresAt?: Date | string | null | undefined
}

export interface ListApiKeysInput {
  /** The previous page's `nextCursor`; omit it to start with the newest key. */
  cursor?: string | null | undefined
  /** Keys per page: 1 to 100, default 50. */
  limit?: number | undefined
  /** `all` includes revoked and expired keys. */
  status?: "active" | "all" | undefined
  /** Any part of the label, ignoring case. */
  search?: string | undefined
}

export interface ApiKeyPage {
  items: ApiKey[]
  /** Null on the last page. */
  nextCursor: string | null
}

export interface ApiKeyUsageInput {
  id: string
  /** How many days back, today included: 1 to 90, by default 30. */
  days?: number | undefined
}

/** How often keys were used on a day. */
export interface DailyUsage {
  /** In UTC, such as `2030-01-31`. */
  date: string
  /** Calls that were accepted. */
  accepted: number
  /** Calls that were refused because of the key's rate limit. */
  limited: number
}

export interface ApiKeyUsage {
  /** One item for each day, the oldest first; the last is today. Accurate to a few seconds. */
  items: DailyUsage[]
}

export interface UsageOfApiKeysInput {
  /** How many days back, today included: 1 to 90, by default 30. */
  days?: number | undefined
}

/** The usage of all active keys of an owner, in a format for charts. */
export interface UsageOfApiKeys {
  /** The days in UTC, the oldest first; the last is today. */
  dates: string[]
  /** The keys that were used on these days, at most 1,000, with the most used first. */
  items: {
    apiKeyId: string
    /** Calls that were accepted, one number for each of `dates`. */
    accepted: number[]
    /** Calls that were refused because of the key's rate limit, one number for each of `dates`. */
    limited: number[]
  }[]
}
