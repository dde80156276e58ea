/** A person with an account. */
export interface User {
  id: string
  email: string
  role: "user" | "admin"
  createdAt: Date
}

/** The owner of keys: a person, an organization or a service. */
export interface Owner {
  id: string
  /** The issuer of the subject: `latchkey` for Latchkey's own accounts, `host` by default for the host's users. */
  issuer: string
  /** The issuer's own id of the owner. */
  subject: string
  /** Null if unknown. */
  email: string | null
  role: "user" | "admin"
  /** Null if Latchkey has not stored the owner. */
  createdAt: Date | null
}

/** The caller, and the kind of credential they used. */
export interface Me extends Owner {
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string | undefined
  /** The scopes of the credential, among those that the server declares. */
  scopes: string[]
  /** `jwt` for access tokens, `host` for users that the host identifies, for example by a cookie. */
  via: "jwt" | "apiKey" | "host"
  /** `read`: the credential changes no keys. */
  manage?: "read" | undefined
  /** The key's id, for calls by API key. */
  apiKeyId?: string | undefined
}

/** A question about a key or JWT that a client has presented to another service. */
export interface IntrospectInput {
  token: string
  /** The IP address of that client. */
  address?: string | undefined
}

/** The answer about a key or JWT (RFC 7662, section 2.2). Times are in seconds since 1970. */
export type Introspection =
  | { active: false }
  | {
      active: true
      /** Who vouches for the owner. */
      iss: string
      /** The issuer's own id of the owner. */
      sub: string
      /** The person who acts for the owner, if that is somebody else (RFC 8693, section 4.1). */
      act?: { sub: string } | undefined
      /** The id of the API key, or of the client to which a JWT was issued. */
      client_id?: string | undefined
      /** All scopes, separated by spaces. */
      scope: string
      token_type: "api_key" | "access_token"
      /** When the key was created or the token issued. Absent if the token does not contain it. */
      iat?: number | undefined
      exp?: number | undefined
      /** What the product has stored with the key. */
      metadata?: Record<string, string> | undefined
    }

export interface CreateOwnerTokenInput {
  /** `read`: the token changes nothing. */
  manage?: "read" | undefined
  /** Seconds that it is valid: 60 to 900, default 300. */
  ttl?: number | undefined
}

/** A token for the browser of an owner. */
export interface OwnerToken {
  /** A JWT that is valid only for the key routes of the owner. */
  accessToken: string
  expiresAt: Date
}

/** A sign-in that has neither ended nor expired. */
export interface Session {
  id: string
  /** Such as "Chrome on Linux"; null if unknown. */
  device: string | null
  /** The IP address from which it last received an access token; null if unknown. */
  address: string | null
  /** The time of the sign-in. */
  createdAt: Date
  /** When it last received an access token. */
  lastUsedAt: Date
  /** Whether the call was made with this session. */
  current: boolean
}

export interface SessionList {
  /** The caller's session first, then the others, most recently used first. */
  items: Session[]
}
