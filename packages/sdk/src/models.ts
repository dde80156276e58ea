/** A person with an account. */
export interface User {
  id: string
  email: string
  role: "user" | "admin"
  createdAt: Date
}

/** Who is calling, and by which credential. */
export interface Me extends User {
  /** `jwt`: an access token, which a session holds too. */
  via: "jwt" | "apiKey"
  /** The id of the key that was used, when one was. */
  apiKeyId?: string | undefined
}

export interface SignInInput {
  email: string
  password: string
}

/** What signing in, registering and refreshing give. */
export interface SignedIn {
  user: User
  /** A JWT, good for minutes. */
  accessToken: string
  accessTokenExpiresAt: Date
  /** Buys the next pair, once. Store the newest; presenting an older one ends the session. */
  refreshToken: string
}

export interface PasswordChange {
  currentPassword: string
  newPassword: string
}

export interface CreateApiKeyInput {
  /** The user's name for the key: 1 to 100 characters. */
  label: string
  /** When the key stops working: a `Date`, or ISO 8601 with a zone. Left out or null: never. */
  expiresAt?: Date | string | null | undefined
}

/** A key as lists show it, without its secret. */
export interface ApiKey {
  id: string
  label: string
  /** The key's first 8 characters, to tell keys apart by. */
  start: string
  createdAt: Date
  /** To within a few seconds; null when the key was never used. */
  lastUsedAt: Date | null
  /** Null when the key does not expire. */
  expiresAt: Date | null
}

/** A key that was just created: the only time it is shown. */
export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt"> {
  /** The key itself. Latchkey keeps no copy. */
  key: string
}

export interface ListApiKeysInput {
  /** The `nextCursor` of an earlier page; left out, the list begins with the newest key. */
  cursor?: string | null | undefined
  /** How many keys a page holds: 1 to 100, 50 unless told. */
  limit?: number | undefined
}

export interface ApiKeyPage {
  items: ApiKey[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** Await it for one page, or iterate over it for all keys, page after page. */
export interface ApiKeyList extends Promise<ApiKeyPage>, AsyncIterable<ApiKey> {}
