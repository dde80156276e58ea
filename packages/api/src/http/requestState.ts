import { randomUUID } from "node:crypto"
import { type Caller, type ClientInfo, describeUserAgent, type RateLimitStatus } from "@latchkey/auth"
import type { Failure } from "../failure.ts"
import type { BasicCredential } from "./basicCredential.ts"
import { clientAddress, knownClientAddress } from "./clientAddress.ts"
import type { ProtectedResource } from "./protectedResource.ts"

export interface RequestOptions {
  headers: Headers
  /** The address at the other end of the connection. */
  peerAddress?: string | undefined
  /** How many proxies' `X-Forwarded-For` entries to trust; undefined if `peerAddress` is the client's already. */
  trustProxy?: number | undefined
  /** The framework's own request, for the host to identify its caller. */
  hostRequest?: unknown
  /** The origins of the host's own pages, which may call with the host's own credentials. */
  allowedOrigins?: readonly string[] | undefined
  /** Whether cookies that procedures set reach the client. */
  setsCookies?: boolean
  /** Whether the response may have `Strict-Transport-Security`. */
  sendsHsts?: boolean
  /** Whether later calls can belong to this request, as on a WebSocket. */
  isLongLived?: boolean
  /** For challenges; undefined without trusted issuers. */
  protectedResource?: ProtectedResource | undefined
}

/**
 * A request and its outcome. Authentication, limits and procedures record here what the handler needs for the response
 * and the log once the procedure has returned.
 */
export class RequestState implements ClientInfo {
  readonly startedAt = performance.now()
  readonly headers: Headers
  readonly hostRequest: unknown
  readonly allowedOrigins: readonly string[]
  readonly setsCookies: boolean
  readonly sendsHsts: boolean
  readonly isLongLived: boolean
  readonly protectedResource: ProtectedResource | undefined
  /** The route pattern or the procedure names. Never the path as sent, which may contain secrets. */
  route = "unknown"
  caller: Caller | null = null
  rateLimit: RateLimitStatus | null = null
  /** The caller's key, if it was presented as a client's password. It then replaces the credential in the headers. */
  basic: BasicCredential | null = null
  /** The `Set-Cookie` header of the response. */
  setCookie: string | null = null
  /** The status of the response, once there is one. */
  status: number | undefined
  /** Settles when a streamed response has been sent. Its calls may run until then. */
  streamed: Promise<void> | undefined
  /** Set for each of its calls that holds a place in the fair queue, to leave that place. */
  onLeaseWait: (() => void) | undefined
  readonly failures: { failure: Failure; error: unknown }[] = []
  readonly #peerAddress: string | undefined
  readonly #trustProxy: number | undefined
  #requestId: string | undefined

  constructor(options: RequestOptions) {
    const {
      headers,
      peerAddress,
      trustProxy,
      hostRequest,
      allowedOrigins = [],
      setsCookies = true,
      sendsHsts = true,
    } = options
    this.headers = headers
    this.hostRequest = hostRequest
    this.allowedOrigins = allowedOrigins
    this.setsCookies = setsCookies
    this.sendsHsts = sendsHsts
    this.isLongLived = options.isLongLived ?? false
    this.protectedResource = options.protectedResource
    this.#peerAddress = peerAddress
    this.#trustProxy = trustProxy
  }

  /** Created at first use, because a verdict in process rarely needs it. */
  get requestId(): string {
    this.#requestId ??= randomUUID()
    return this.#requestId
  }

  get address(): string {
    const forwardedFor = this.headers.get("x-forwarded-for") ?? undefined
    return clientAddress(this.#peerAddress, forwardedFor, this.#trustProxy ?? 0) ?? "unknown"
  }

  get knownAddress(): string | null {
    return knownClientAddress(this.#peerAddress, this.headers, this.#trustProxy)
  }

  get device(): string | null {
    return describeUserAgent(this.headers.get("user-agent"))
  }

  /** Whether the headers contain an access token or API key, valid or not. The session cookie does not count. */
  get hasCredential(): boolean {
    return this.headers.get("authorization") !== null || this.headers.get("x-api-key") !== null
  }
}
