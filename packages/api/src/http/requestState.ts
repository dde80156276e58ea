import { randomUUID } from "node:crypto"
import { type Caller, type ClientInfo, describeUserAgent, type RateLimitStatus } from "@latchkey/auth"
import type { Failure } from "../failure.ts"
import { clientAddress } from "./clientAddress.ts"

export interface RequestOptions {
  headers: Pick<Headers, "get">
  /** The address at the other end of the connection. */
  peerAddress?: string | undefined
  /** How many proxies' `X-Forwarded-For` entries to trust. */
  trustProxy?: number
}

/**
 * One request and what becomes of it. It is passed straight down: authentication, limits and procedures note here what
 * the handler needs for the response and the log once the procedure has returned.
 */
export class RequestState implements ClientInfo {
  readonly requestId = randomUUID()
  readonly startedAt = performance.now()
  readonly headers: Pick<Headers, "get">
  /** The route's pattern or the procedures' names, never the path as it was sent, which can hold anything. */
  route = "unknown"
  caller: Caller | null = null
  rateLimit: RateLimitStatus | null = null
  /** The `Set-Cookie` header of the response. */
  setCookie: string | null = null
  /** The status of the response; undefined until there is one. */
  status: number | undefined
  /** Settles when a streamed response has been sent; only then have all its calls ended. */
  streamed: Promise<void> | undefined
  readonly failures: { failure: Failure; error: unknown }[] = []
  readonly #peerAddress: string | undefined
  readonly #trustProxy: number

  constructor({ headers, peerAddress, trustProxy = 0 }: RequestOptions) {
    this.headers = headers
    this.#peerAddress = peerAddress
    this.#trustProxy = trustProxy
  }

  get address(): string {
    return (
      clientAddress(this.#peerAddress, this.headers.get("x-forwarded-for") ?? undefined, this.#trustProxy) ??
      "unknown"
    )
  }

  get device(): string | null {
    return describeUserAgent(this.headers.get("user-agent"))
  }

  /** Whether the request has a credential in its headers, valid or not. The session's cookie is none. */
  get hasCredential(): boolean {
    return this.headers.get("authorization") !== null || this.headers.get("x-api-key") !== null
  }
}
