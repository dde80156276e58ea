import type { Caller } from "../types.ts"

/** Who is signed in by the host's own means. */
export interface Identity {
  /** 1 to 255 characters without control characters. */
  subject: string
  /** One of `trustedIssuers`; by default the option `issuer`. */
  issuer?: string
  /** Who acts for the owner, if that is somebody else. */
  actor?: string
  email?: string
  role?: "admin"
  /** `read`: may not create, change or revoke keys. */
  manage?: "read"
}

/**
 * Tells who is signed in by the host's own means, or null for nobody. Called at most once a request, and only for requests
 * without a credential of Latchkey. An error means that this is unknown now: the response is 503.
 */
export type Identify = (headers: Headers, request: unknown) => Identity | null | Promise<Identity | null>

/**
 * Tells what a caller may do now. Callers have only those of their scopes that it returns, whatever a key was created with.
 * Called once a request. An error means that this is unknown now: the response is 503.
 */
export type ScopesOf<Scope extends string = string> = (
  caller: Caller<Scope>,
) => readonly Scope[] | Promise<readonly Scope[]>

/** An identity provider whose JWTs are accepted. */
export interface TrustedIssuer {
  issuer: string
  audience?: string | readonly string[]
  /** By default as OpenID Connect Discovery says. */
  jwksUri?: string
  authorizedParties?: readonly string[]
  subjectClaim?: string | readonly string[]
  actorClaim?: string
  scopeClaim?: string
  allowClientAudience?: boolean
  /** Whose tokens may manage keys. */
  manage?: "any"
}

/** A log such as pino's. */
export interface Logger {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
  isLevelEnabled?(level: string): boolean
}

interface CommonOptions<Scope extends string> {
  /** At least 32 random bytes, such as the output of `openssl rand -hex 32`. */
  secret: string | undefined
  /** Secrets that remain valid while `secret` replaces them. */
  previousSecret?: string | readonly string[] | undefined
  /** The scopes that keys may have, such as `reports:read`. */
  scopes?: readonly Scope[] | undefined
  /** Tells what a caller may do now: see `ScopesOf`. */
  scopesOf?(caller: Caller<Scope>): readonly Scope[] | Promise<readonly Scope[]>
  /** Closes to API keys whatever does not say which `scope` it needs, if only `scope: []`; false by default. */
  keysNeedScope?: boolean | undefined
  /** 2 to 20 characters of `a-z0-9_`; keys are `<prefix>_…`. */
  keyPrefix?: string | undefined
  /**
   * How keys begin that `latchkey import` has brought from another system, such as `sk_live_`; `*` for keys without a common
   * beginning, which are then accepted in `X-API-Key`. By default, imported keys are not accepted.
   */
  importedKeyPrefixes?: readonly string[] | undefined
  /** The number of active keys that an owner may have; 100 by default. */
  maxKeysPerOwner?: number | undefined
  /** The maximal lifetime of keys in days, from their creation to the end of the last day in UTC; none by default. */
  maxKeyLifetimeDays?: number | undefined
  /**
   * The limit of keys that have none of their own, and the highest that owners may give a key: `limit` calls in `window`
   * seconds, also as text such as `1000/60`. None by default.
   */
  keyRateLimit?: { limit: number; window: number } | `${number}/${number}` | undefined
  identify?: Identify | undefined
  /** The issuer of those whom `identify` names; `host` by default. */
  issuer?: string | undefined
  trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Further issuers whose keys are accepted here. */
  servedIssuers?: readonly string[] | undefined
  adminSubjects?: readonly { issuer: string; subject: string }[] | undefined
  /** Whether users may register with email and password; `off` by default. */
  passwords?: "on" | "off" | undefined
  /** The path under which `fetch` serves; `/latchkey` by default. */
  basePath?: string | undefined
  /** The URL at which users reach `basePath`'s server. */
  publicUrl?: string | undefined
  /** Origins of pages, besides the server's own, that may call with cookies. */
  allowedOrigins?: readonly string[] | undefined
  /** Whether `fetch` serves the dashboard; true by default. */
  dashboard?: boolean | undefined
  /** The PostgreSQL schema that holds all tables; `latchkey` by default. */
  schema?: string | undefined
  /** `check`, the default: fails until `latchkey migrate` has run. `auto`, the default of the embedded database: migrates. */
  migrate?: "auto" | "check" | undefined
  /** The number of connections to PostgreSQL; 10 by default. */
  maxConnections?: number | undefined
  /** Receives writes that outlast a response, where the process may be frozen then. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  logger?: Logger | undefined
}

export type LatchkeyServerOptions<Scope extends string = string> = CommonOptions<Scope> &
  (
    | { /** The URL of a PostgreSQL database. */ databaseUrl: string | undefined; database?: undefined }
    | { /** The embedded database, in `./.latchkey`. */ database: "embedded"; databaseUrl?: undefined }
  )
