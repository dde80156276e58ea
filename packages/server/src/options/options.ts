import type { Caller } from "../types.ts"

/** The user who is signed in by the host's own sessions. */
export interface Identity {
  /** 1 to 255 characters without control characters. */
  subject: string
  /** One of `trustedIssuers`; by default the option `issuer`. */
  issuer?: string
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string
  email?: string
  role?: "admin"
  /** `read`: may not create, change or revoke keys. */
  manage?: "read"
}

/**
 * Tells who is signed in by the host's own sessions, or null for nobody. Called at most once per request, and only
 * for requests without a credential of Latchkey. If it throws, that is unknown, and the response is 503.
 */
export type Identify = (headers: Headers, request: unknown) => Identity | null | Promise<Identity | null>

/**
 * Tells what a caller may do now. Callers have only those of their scopes that it returns, whatever scopes a key was
 * created with. Called once per request. If it throws, that is unknown, and the response is 503.
 */
export type ScopesOf<Scope extends string = string> = (
  caller: Caller<Scope>,
) => readonly Scope[] | Promise<readonly Scope[]>

/** An identity provider whose JWTs are accepted. */
export interface TrustedIssuer {
  issuer: string
  audience?: string | readonly string[]
  /** By default, found by OpenID Connect Discovery. */
  jwksUri?: string
  authorizedParties?: readonly string[]
  subjectClaim?: string | readonly string[]
  actorClaim?: string
  scopeClaim?: string
  allowClientAudience?: boolean
  /** Which of its tokens may manage keys. */
  manage?: "any"
}

/** The product that users see in the dashboard. */
export interface ProductOptions {
  /** 1 to 60 characters; `Latchkey` by default. */
  name?: string | undefined
  /** The https URL of an image, or its path on the server's own origin, such as `/logo.svg`. */
  logo?: string | undefined
  /** Such as `#0b7285`. If it would be hard to read, the dashboard uses a darker or lighter shade. */
  accentColor?: string | undefined
  /** The URL of the product's API, for the examples that the dashboard shows with a new key. */
  apiUrl?: string | undefined
}

/** A logger such as pino's. */
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
  /** Whether API keys can use only what declares a `scope`, even if it is just `scope: []`; false by default. */
  keysNeedScope?: boolean | undefined
  /** 2 to 20 characters of `a-z0-9_`; keys are `<prefix>_…`. */
  keyPrefix?: string | undefined
  /**
   * The prefixes of keys that `latchkey import` has imported from another system, such as `sk_live_`; `*` for keys
   * without a common prefix, which are then accepted in `X-API-Key`. By default, imported keys are not accepted.
   */
  importedKeyPrefixes?: readonly string[] | undefined
  /** The number of active keys that an owner may have; 100 by default. */
  maxKeysPerOwner?: number | undefined
  /** The maximum lifetime of keys in days, from their creation to the end of the last day in UTC; none by default. */
  maxKeyLifetimeDays?: number | undefined
  /**
   * The limit of keys that have none of their own, and the highest that owners may set: `limit` calls in `window`
   * seconds, also as text such as `1000/60`. None by default.
   */
  keyRateLimit?: { limit: number; window: number } | `${number}/${number}` | undefined
  identify?: Identify | undefined
  /** The issuer of the users that `identify` names; `host` by default. */
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
  /** The product that users see in the dashboard, in place of Latchkey. */
  product?: ProductOptions | undefined
  /** The PostgreSQL schema that holds all tables; `latchkey` by default. */
  schema?: string | undefined
  /** `check`, the default: fails until `latchkey migrate` has run. `auto`, the default of the embedded database: migrates. */
  migrate?: "auto" | "check" | undefined
  /** The number of connections to PostgreSQL; 10 by default. */
  maxConnections?: number | undefined
  /**
   * Whether a revocation, or any other call that takes a right away, gets 503 with `begun: true` unless a synchronous
   * standby is known to have the change; false by default. The role needs `pg_read_all_stats`.
   */
  requireSynchronous?: boolean | undefined
  /**
   * For how many seconds a lease lets an instance answer from memory, 1 to 10. With 0, the default, each batch of
   * verdicts reads the database. Otherwise, an instance whose lease has ended gives no verdict.
   */
  verifyLease?: number | undefined
  /**
   * Whether verdicts come from memory while a lease is held; true by default. If false, a verdict needs a lease, but
   * still reads the database.
   */
  verifyLeaseCache?: boolean | undefined
  /**
   * `standby`: with each read, all servers that may become the primary are asked whether they are. Unless all answer and
   * exactly one is, there is no verdict. `off` by default. Not available together with `verifyLease`.
   */
  revocationFence?: "off" | "standby" | undefined
  /** The URL that lists all these servers as hosts, without a pooler or a proxy in between; `databaseUrl` by default. */
  revocationFenceUrl?: string | undefined
  /**
   * Where the restore log is, outside of the database: a directory, the URL of an HTTP server, or `command:` and a program. It
   * has each change of rights before the change is answered, so that a restored backup gives no rights back. None by default.
   * All instances need the same place.
   */
  restoreLog?: string | undefined
  /** The bearer token for the restore log at an HTTP server. */
  restoreLogToken?: string | undefined
  /**
   * The time of a backup, ISO 8601, if the restore log lacks changes made since: all keys and users are disabled until
   * somebody enables them.
   */
  afterRestore?: string | undefined
  /** Receives promises of writes that outlast a response, for processes that may be frozen after it. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  logger?: Logger | undefined
}

export type LatchkeyServerOptions<Scope extends string = string> = CommonOptions<Scope> &
  (
    | { /** The URL of a PostgreSQL database. */ databaseUrl: string | undefined; database?: undefined }
    | { /** The embedded database, in `./.latchkey`. */ database: "embedded"; databaseUrl?: undefined }
  )
