import type {
  ApiKeyChange as AnyApiKeyChange,
  ApiKey,
  ApiKeyPage,
  ApiKeyUsage,
  CreateApiKeyInput,
  CreatedApiKey,
  ListApiKeysInput,
  RotateApiKeyInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
} from "@latchkey/contract"
import type { TRPCProcedureBuilder, TRPCUnsetMarker } from "@trpc/server"
import type { AppRouter } from "./appRouter.ts"

/** How a caller is identified: by a JWT, by an API key, or by the host's `identify`. */
export type Via = "jwt" | "apiKey" | "host"

/** Latchkey's own scopes, which keys have only if they were created with them. */
export type LatchkeyScope = "latchkey:apikeys:read" | "latchkey:introspect" | "latchkey:manage"

/** The caller of a request. */
export interface Caller<Scope extends string = string> {
  /** The host's own id of the owner: a person, an organization or a service. */
  subject: string
  /** The issuer of the subject. */
  issuer: string
  /** The person who acts for the owner, if that is somebody else. Absent with an API key. */
  actor?: string
  via: Via
  /** The id of the API key. Not the key itself. */
  apiKeyId?: string
  /** The API key's label. */
  label?: string
  /** All scopes that the caller has. */
  scopes: readonly (Scope | LatchkeyScope)[]
  /** The metadata that the host has stored with the API key. */
  metadata?: Readonly<Record<string, string>>
  expiresAt?: Date
}

/** The reason why there is no caller, for the host's own log. Never part of a response. */
export type RefusalCause =
  | "none"
  | "malformed"
  | "unknown"
  | "mismatch"
  | "expired"
  | "disabled"
  | "ownerDisabled"
  | "address"
  | "scope"
  | "limit"
  | "via"
  | "origin"
  | "unavailable"

/** The requirements of a call. */
export interface Requirement<Scope extends string = string> {
  /** The caller needs all of these. With `keysNeedScope`, an empty list admits keys whatever their scopes. */
  scope?: Scope | readonly Scope[] | undefined
  /** How the caller may be identified; by default, in any way. */
  via?: Via | readonly Via[] | undefined
  /**
   * A caller by `host` that changes something must prove that one of the host's own pages sent the request. False:
   * the host itself ensures that.
   */
  sameOrigin?: false | undefined
}

export interface AuthenticateOptions<Scope extends string = string> extends Requirement<Scope> {
  /** The client's IP address, as far as the host knows it. */
  address?: string | undefined
  /**
   * Whether that is only the address of the other end of the connection. If headers then show that a proxy has
   * forwarded the request, the client's address is uncertain, and a key with an IP list is refused.
   */
  isPeerAddress?: boolean | undefined
  /** The request's method. Without it the request counts as one that changes something. */
  method?: string | undefined
  /** The framework's own request, for `identify`. */
  request?: unknown
}

/** An option of adapters for frameworks that don't know the client's address behind proxies. */
export interface AddressOption<Request> {
  /** The client's IP address. */
  address?: ((request: Request) => string | undefined) | undefined
}

/** `Headers`, or the headers object of a Node request. */
export type HeadersSource = Pick<Headers, "get"> | Readonly<Record<string, string | string[] | undefined>>

export interface Accepted<Scope extends string = string> {
  ok: true
  caller: Caller<Scope>
  /** For the response: the state of the caller's rate limit. */
  headers: Record<string, string>
}

export interface Refused {
  ok: false
  status: 400 | 401 | 403 | 429 | 503
  reason: string
  /** For the response. */
  headers: Record<string, string>
  /** For the response, as JSON. */
  body: RefusalBody
  toResponse(): Response
  /** For the host's own log. */
  cause: RefusalCause
  /** For the host's own log, if the key's secret matches. */
  apiKeyId?: string
  /** For the host's own log: the error, if something failed. */
  error?: unknown
}

export interface RefusalBody {
  code: string
  reason: string
  message: string
  requestId: string
  begun?: boolean
  retryAfter?: number
}

export type Verdict<Scope extends string = string> = Accepted<Scope> | Refused

declare const opaque: unique symbol

/** What Latchkey keeps in a tRPC context, under the name `latchkey`. */
export interface LatchkeyContext {
  latchkey: { readonly [opaque]: never }
}

/**
 * The options that tRPC's adapters pass to `createContext`, or only a request. By `res` or `resHeaders`, shared caches are
 * kept from storing what depends on a credential.
 */
export type ContextSource =
  | ContextRequest
  | { req: ContextRequest; info?: ContextInfo | undefined; res?: unknown; resHeaders?: unknown }

export interface ContextRequest {
  headers: HeadersSource
  method?: string | undefined
}

export interface ContextInfo {
  connectionParams: Readonly<Record<string, string | undefined>> | null
  /** Null on a WebSocket. */
  url?: URL | null
}

/** A procedure for `.concat()`. Behind it, `ctx.caller` is the caller. */
export type RequiresProcedure<Scope extends string> = TRPCProcedureBuilder<
  LatchkeyContext,
  object,
  { caller: Caller<Scope> },
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  false
>

/** The properties of a new API key. `scopes`: null for all of the owner's declared scopes, including later ones. */
export interface NewApiKey<Scope extends string = string> extends Omit<CreateApiKeyInput, "scopes"> {
  scopes?: (Scope | "latchkey:apikeys:read")[] | null | undefined
}

/** The fields to change. Fields that are left out stay as they are, and null lifts a restriction. */
export interface ApiKeyChange<Scope extends string = string> extends Omit<AnyApiKeyChange, "scopes"> {
  scopes?: (Scope | "latchkey:apikeys:read")[] | null | undefined
}

/** An owner's API keys, managed by the host's own code. */
export interface OwnerApiKeys<Scope extends string = string> {
  /** Creates a key. `key` is the key itself, of which Latchkey keeps no copy. */
  create(input: NewApiKey<Scope>): Promise<CreatedApiKey>
  /** The active keys, newest first. */
  list(input?: ListApiKeysInput): Promise<ApiKeyPage>
  /** One of the keys, active or not. */
  get(id: string): Promise<ApiKey>
  /** Changes an active key. Scopes, addresses and limits that are set here are locked, unless `lock` is false. */
  update(id: string, change: ApiKeyChange<Scope>): Promise<ApiKey>
  /**
   * Replaces an active key with a new one that has the same settings, and returns it in `key`. The old key stays
   * valid for `grace` seconds, a day by default.
   */
  rotate(id: string, input?: Omit<RotateApiKeyInput, "id">): Promise<CreatedApiKey>
  /** How often one of the keys, active or not, was used on each of the last `days` (30 by default). */
  usage(id: string, input?: UsageOfApiKeysInput): Promise<ApiKeyUsage>
  /** How often each active key was used. */
  usageOfAll(input?: UsageOfApiKeysInput): Promise<UsageOfApiKeys>
  /** Once this has resolved, no instance accepts the key. */
  revoke(id: string): Promise<void>
}

/** The interface that adapters serve. */
export type Mountable = Pick<LatchkeyServer, "basePath" | "fetch">

export interface OpenApiParts {
  /** Latchkey's security schemes, for `components.securitySchemes`. */
  securitySchemes: Record<string, object>
  /** The error schema, for `components.schemas`. */
  schemas: Record<string, object>
  /** The refusals, for `components.responses`, by status. */
  responses: Record<string, object>
  /** For an operation that `guard` or `requires` protects: references to the schemes and refusals. */
  operation: { security: object[]; responses: Record<string, object> }
}

/** A server's Latchkey. Everything opens at first use. */
export interface LatchkeyServer<Scope extends string = string> {
  /** The path under which `fetch` serves. */
  readonly basePath: string
  /** The scopes that keys of this product may carry, as declared. */
  readonly scopes: readonly Scope[]
  /** Decides about a request by its headers. Never throws because of a credential. */
  authenticate(headers: HeadersSource, options?: AuthenticateOptions<Scope>): Promise<Verdict<Scope>>
  /**
   * Serves REST, tRPC and the dashboard under `basePath`.
   *
   * @param options.address the client's IP address, as far as the host knows it.
   * @param options.isPeerAddress whether that is the address of the other end of the connection, as in `authenticate`.
   * @param options.request the framework's own request, for `identify`.
   */
  fetch(
    request: Request,
    options?: { address?: string | undefined; isPeerAddress?: boolean | undefined; request?: unknown },
  ): Promise<Response>
  /** A tRPC procedure for callers who meet the requirement. It verifies them at every call. */
  requires(requirement?: Requirement<Scope>): RequiresProcedure<Scope>
  /** Latchkey's own procedures, to mount in a tRPC router under any name. */
  readonly router: AppRouter
  /** The part of a tRPC context that `requires` and `router` need. */
  createContext(source: ContextSource, options?: { address?: string | undefined }): LatchkeyContext
  /** Acts for an owner, without a request. `actor` is the person who acts, for the audit trail. */
  as(
    owner: { subject: string; issuer?: string },
    options?: { actor?: string },
  ): { apiKeys: OwnerApiKeys<Scope> }
  /** Brings the database's schema up to date. */
  migrate(): Promise<void>
  /** Writes what is collected in memory, such as times of last use. */
  flush(): Promise<void>
  /** Writes what is collected in memory, and closes everything. */
  close(): Promise<void>
  /** Parts for the host's own OpenAPI document. */
  openapi(): OpenApiParts
}
