import {
  type AuthSource,
  type Context,
  Latchkey,
  type ProtectedResource,
  RequestState,
  toTrpcError,
  trustOfHost,
} from "@latchkey/api"
import { AuthError, type Authentication, MAX_CREDENTIAL_LENGTH } from "@latchkey/auth"
import type { ContextInfo, ContextRequest, ContextSource, LatchkeyContext } from "../types.ts"
import { addressOf } from "./addressOf.ts"
import { type CountedCalls, countedCallsOf } from "./countedCalls.ts"
import { HostCall } from "./hostCall.ts"
import { type ContextResponse, keepPrivate } from "./keepPrivate.ts"
import { headersOf } from "./readHeaders.ts"

interface NewHostRequest {
  headers: Headers
  address?: string | undefined
  isPeerAddress?: boolean | undefined
  method?: string | undefined
  /** The framework's own request. */
  request?: unknown
  allowedOrigins: readonly string[]
  protectedResource: ProtectedResource | undefined
  /** Whether the context lives longer than one request, as on a WebSocket. */
  isLongLived?: boolean
  refusal?: AuthError | undefined
  /** The response to the request, if tRPC builds it. */
  response?: ContextResponse | undefined
}

/**
 * A request to the host, as Latchkey sees it. A context contains this object directly. To find it in a weak map would
 * cost more than a verdict, because V8's minor garbage collections process the map's entries one by one.
 */
export class HostRequest extends Latchkey {
  readonly source: AuthSource
  readonly call: HostCall
  /** The calls that already count towards the limit of the caller's key. */
  readonly counted: CountedCalls
  /** Undefined if it is not known. */
  readonly method: string | undefined
  /** Set if the host asks for something impossible. */
  readonly refusal: AuthError | undefined
  readonly #response: ContextResponse | undefined

  constructor(source: AuthSource, options: NewHostRequest) {
    const {
      headers,
      address,
      isPeerAddress,
      allowedOrigins,
      protectedResource,
      isLongLived = false,
    } = options
    const call = new HostCall(options.request, isLongLived)
    super(
      source,
      new RequestState({
        headers,
        peerAddress: address,
        trustProxy: trustOfHost(isPeerAddress),
        allowedOrigins,
        protectedResource,
        hostRequest: call,
        isLongLived,
        // The host builds the response.
        setsCookies: false,
        sendsHsts: false,
      }),
    )
    this.source = source
    this.call = call
    this.counted = countedCallsOf(options.request)
    this.method = options.method
    this.refusal = options.refusal
    this.#response = options.response
  }

  /** What is answered from now on depends on the credential. */
  override authenticateAgain(): Promise<Authentication> {
    if (this.#response) keepPrivate(this.#response)
    return super.authenticateAgain()
  }
}

/**
 * Creates the part of a tRPC context that Latchkey needs.
 *
 * @throws {TRPCError} `BAD_REQUEST` for credentials in a URL.
 */
export function createHostContext(
  source: AuthSource,
  from: ContextSource,
  {
    address,
    ...settings
  }: { address: string | undefined } & Pick<NewHostRequest, "allowedOrigins" | "protectedResource">,
): Context & LatchkeyContext {
  const { req, info, ...response }: Exclude<ContextSource, ContextRequest> =
    "headers" in from ? { req: from } : from
  const credentials = credentialsIn(info?.connectionParams)
  const isWebSocket = info !== undefined && info.url === null
  if (credentials && !isWebSocket) throw inUrl()
  const headers = headersOf(req)
  // Its headers are sent before the procedures run.
  if (headers.get("trpc-accept") === "application/jsonl") keepPrivate(response)
  const latchkey = new HostRequest(source, {
    headers: credentials ? withCredentials(headers, credentials) : headers,
    ...(address === undefined ? addressOf(req) : { address }),
    method: req.method,
    request: req,
    response,
    ...settings,
    // A host may have passed only the request.
    isLongLived: isWebSocket || /\bwebsocket\b/i.test(headers.get("upgrade") ?? ""),
  })
  return { latchkey } as unknown as Context & LatchkeyContext
}

/**
 * The request of a context from `createHostContext` with the same source. A process may have several servers, whose
 * contexts have the same name. The callers of one must not pass as callers of another.
 *
 * @throws {TypeError} for any other context.
 */
export function hostRequestOf(ctx: unknown, source: AuthSource): HostRequest {
  const { latchkey } = ctx as Partial<Context>
  if (latchkey instanceof HostRequest) {
    if (latchkey.source === source) return latchkey
    throw new TypeError("the context is another Latchkey's; give each its own tRPC router and createContext")
  }
  throw new TypeError("the context has no Latchkey; add ...latchkey.createContext(opts) to createContext")
}

function credentialsIn(params: ContextInfo["connectionParams"] | undefined) {
  const { apiKey, accessToken } = params ?? {}
  return apiKey === undefined && accessToken === undefined ? null : { apiKey, accessToken }
}

/** Adds credentials to those of the upgrade request, so that two of them count as ambiguous. */
function withCredentials(
  headers: Headers,
  { apiKey, accessToken }: { apiKey: string | undefined; accessToken: string | undefined },
): Headers {
  const all = new Headers(headers)
  if (apiKey !== undefined) all.append("x-api-key", toFieldValue(apiKey))
  if (accessToken !== undefined) all.append("authorization", `Bearer ${toFieldValue(accessToken)}`)
  return all
}

/**
 * No credential is longer than headers can be, or contains characters that they can't hold. A longer one is not kept:
 * the context lives as long as its connection.
 */
const toFieldValue = (text: string) =>
  text.length > MAX_CREDENTIAL_LENGTH ? "?" : text.replaceAll(/[^\x20-\x7e]/g, "?")

/** Proxies log URLs, and browsers keep them. */
const inUrl = () =>
  toTrpcError(
    new AuthError("INVALID_INPUT", "Send credentials in headers; connectionParams are part of the URL here."),
  )
