import {
  type AuthSource,
  type Context,
  Latchkey,
  type ProtectedResource,
  RequestState,
  toTrpcError,
} from "@latchkey/api"
import { AuthError } from "@latchkey/auth"
import type { ContextInfo, ContextRequest, ContextSource, LatchkeyContext } from "../types.ts"
import { HostCall } from "./hostCall.ts"
import { headersOf } from "./readHeaders.ts"

/** A request to the host, as Latchkey sees it. */
export interface HostRequest {
  latchkey: Latchkey
  call: HostCall
  /** Undefined where it is not known. */
  method: string | undefined
  /** Set if the host asks for something impossible. */
  refusal: AuthError | undefined
}

interface NewHostRequest {
  headers: Headers
  address?: string | undefined
  method?: string | undefined
  /** The framework's own request. */
  request?: unknown
  allowedOrigins: readonly string[]
  protectedResource: ProtectedResource | undefined
  /** Whether the context lives longer than one request, as on a WebSocket. */
  isLongLived?: boolean
  refusal?: AuthError | undefined
}

export function createHostRequest(source: AuthSource, request: NewHostRequest): HostRequest {
  const { headers, address, allowedOrigins, protectedResource, isLongLived = false } = request
  const call = new HostCall(request.request, isLongLived)
  const state = new RequestState({
    headers,
    peerAddress: address,
    allowedOrigins,
    protectedResource,
    hostRequest: call,
    isLongLived,
    // The host builds the response.
    setsCookies: false,
    sendsHsts: false,
  })
  return {
    latchkey: new Latchkey(source, state),
    call,
    method: request.method,
    refusal: request.refusal,
  }
}

const requests = new WeakMap<Latchkey, HostRequest>()

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
  const { req, info }: { req: ContextRequest; info?: ContextInfo | undefined } =
    "headers" in from ? { req: from } : from
  const credentials = credentialsIn(info?.connectionParams)
  const isWebSocket = info !== undefined && info.url === null
  if (credentials && !isWebSocket) throw inUrl()
  const headers = headersOf(req)
  const hostRequest = createHostRequest(source, {
    headers: credentials ? withCredentials(headers, credentials) : headers,
    address: address ?? addressOf(req),
    method: req.method,
    request: req,
    ...settings,
    // A host may have passed on the request alone.
    isLongLived: isWebSocket || /^websocket$/i.test(headers.get("upgrade") ?? ""),
  })
  requests.set(hostRequest.latchkey, hostRequest)
  return { latchkey: hostRequest.latchkey } as unknown as Context & LatchkeyContext
}

/** The request of a context from `createHostContext`. @throws {TypeError} for any other context. */
export function hostRequestOf(ctx: unknown): HostRequest {
  const { latchkey } = ctx as Partial<Context>
  const found = latchkey && requests.get(latchkey)
  if (!found) {
    throw new TypeError("the context has no Latchkey; add ...latchkey.createContext(opts) to createContext")
  }
  return found
}

function credentialsIn(params: ContextInfo["connectionParams"] | undefined) {
  const { apiKey, accessToken } = params ?? {}
  return apiKey === undefined && accessToken === undefined ? null : { apiKey, accessToken }
}

/** Adds credentials beside those of the upgrade request, so that two of them are ambiguous. */
function withCredentials(
  headers: Headers,
  { apiKey, accessToken }: { apiKey: string | undefined; accessToken: string | undefined },
): Headers {
  const all = new Headers(headers)
  if (apiKey !== undefined) all.append("x-api-key", toFieldValue(apiKey))
  if (accessToken !== undefined) all.append("authorization", `Bearer ${toFieldValue(accessToken)}`)
  return all
}

/** No credential has characters that a header can't hold. */
const toFieldValue = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, "?")

/** Proxies log URLs, and browsers keep them. */
const inUrl = () =>
  toTrpcError(
    new AuthError("INVALID_INPUT", "Send credentials in headers; connectionParams are part of the URL here."),
  )

/** Express and Fastify apply the host's own trust in proxies to `ip`. */
function addressOf(request: object): string | undefined {
  const { ip, socket } = request as { ip?: unknown; socket?: { remoteAddress?: string } }
  return typeof ip === "string" ? ip : socket?.remoteAddress
}
