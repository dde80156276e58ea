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

/** How a caller presented itself: by a JWT, by an API key, or as whom the host's `identify` says. */
export type Via = "jwt" | "apiKey" | "host"

/** Scopes of Latchkey itself, which keys have only if they were created with them. */
export type LatchkeyScope = "latchkey:apikeys:read" | "latchkey:introspect" | "latchkey:manage"

/** Who is calling. */
export interface Caller<Scope extends string = string> {
  /** The host's own id of the owner: a person, an organization or a service. */
  subject: string
  /** Who vouches for the subject. */
  issuer: string
  /** Who acts for the owner, if that is somebody else. Never with an API key. */
  actor?: string
  via: Via
  /** The id of the API key. Not the key itself. */
  apiKeyId?: string
  /** The API key's label. */
  label?: string
  /** All scopes that the caller has. */
  scopes: readonly (Scope | LatchkeyScope)[]
  /** What the host has stored with the API key. */
  metadata?: Readonly<Record<string, string>>
  expiresAt?: Date
}

/** Why there is no caller, for the host's own log. Never part of a response. */
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

/** What a call needs. */
export interface Requirement<Scope extends string = string> {
  /** The caller needs all of these. With `keysNeedScope`, an empty list opens to keys whatever their scopes. */
  scope?: Scope | readonly Scope[] | undefined
  /** How the caller may present itself; by default in any way. */
  via?: Via | readonly Via[] | undefined
  /**
   * A caller by `host` that changes something must prove that one of the host's own pages sent the request. False: the
   * host itself sees to that.
   */
  sameOrigin?: false | undefined
}

export interface AuthenticateOptions<Scope extends string = string> extends Requirement<Scope> {
  /** The client's IP address, as far as the host knows it. */
  address?: string | undefined
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
  /** For the response: how the caller's rate limit stands. */
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
  /** For the host's own log, once the key's secret fits. */
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

/** What tRPC's adapters pass to `createContext`, or a request alone. */
export type ContextSource = ContextRequest | { req: ContextRequest; info?: ContextInfo | undefined }

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

/** What to create an API key with. `scopes`: null for all of the owner's that are declared, later ones too. */
export interface NewApiKey<Scope extends string = string> extends Omit<CreateApiKeyInput, "scopes"> {
  scopes?: (Scope | "latchkey:apikeys:read")[] | null | undefined
}

/** What to change. What is left out stays as it is, and null lifts a restriction. */
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
  /** Changes an active key. Scopes, addresses and limits that are set so are locked, unless `lock` is false. */
  update(id: string, change: ApiKeyChange<Scope>): Promise<ApiKey>
  /**
   * Replaces an active key by a new one with the same settings, in `key`. The old one stays valid for `grace` seconds, a day
   * by default.
   */
  rotate(id: string, input?: Omit<RotateApiKeyInput, "id">): Promise<CreatedApiKey>
  /** How often one of the keys was used on the last `days` (30), active or not. */
  usage(id: string, input?: UsageOfApiKeysInput): Promise<ApiKeyUsage>
  /** How often each active key was used. */
  usageOfAll(input?: UsageOfApiKeysInput): Promise<UsageOfApiKeys>
  /** Once this has resolved, no instance accepts the key. */
  revoke(id: string): Promise<void>
}

/** What adapters serve. */
export type Mountable = Pick<LatchkeyServer, "basePath" | "fetch">

export interface OpenApiParts {
  /** Latchkey's security schemes, for `components.securitySchemes`. */
  securitySchemes: Record<string, object>
  /** The error schema, for `components.schemas`. */
  schemas: Record<string, object>
  /** The refusals, for `components.responses`, by status. */
  responses: Record<string, object>
  /** For an operation that `guard` or `requires` protects: a reference to each. */
  operation: { security: object[]; responses: Record<string, object> }
}

/** A server's Latchkey. Everything opens at first use. */
export interface LatchkeyServer<Scope extends string = string> {
  /** The path under which `fetch` serves. */
  readonly basePath: string
  /** Decides about a request by its headers. Never throws for a credential. */
  authenticate(headers: HeadersSource, options?: AuthenticateOptions<Scope>): Promise<Verdict<Scope>>
  /**
   * Serves REST, tRPC and the dashboard under `basePath`.
   *
   * @param options.address the client's IP address, as far as the host knows it.
   * @param options.request the framework's own request, for `identify`.
   */
  fetch(request: Request, options?: { address?: string | undefined; request?: unknown }): Promise<Response>
  /** A tRPC procedure for callers who meet the requirement. It verifies them at every call. */
  requires(requirement?: Requirement<Scope>): RequiresProcedure<Scope>
  /** Latchkey's own procedures, to mount in a tRPC router under any name. */
  readonly router: AppRouter
  /** The part of a tRPC context that `requires` and `router` need. */
  createContext(source: ContextSource, options?: { address?: string | undefined }): LatchkeyContext
  /** Acts for an owner, without a request. `actor` is who does so, for the audit trail. */
  as(
    owner: { subject: string; issuer?: string },
    options?: { actor?: string },
  ): { apiKeys: OwnerApiKeys<Scope> }
  /** Brings the database's schema up to date. */
  migrate(): Promise<void>
  /** Writes what is gathered in memory, such as when keys were last used. */
  flush(): Promise<void>
  /** Writes what is gathered in memory, and closes everything. */
  close(): Promise<void>
  /** Parts for the host's own OpenAPI document. */
  openapi(): OpenApiParts
}
