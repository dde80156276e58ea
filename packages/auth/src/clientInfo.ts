import type { ClientInfo as Origin } from "@latchkey/db"
import type { RateLimitStatus } from "./limits/rateLimitStatus.ts"

/** The client of one request: where its calls come from, and the state of its rate limits. */
export interface ClientInfo extends Readonly<Origin> {
  readonly address: string
  /**
   * The address, if it is certain to be the client's own. `address` may be that of a proxy, which is good enough for rate
   * limits, but not for keys that allow only some addresses.
   */
  readonly knownAddress?: string | null
  /** The strictest rate limit that the request's calls have counted towards so far; null if there is none. */
  rateLimit: RateLimitStatus | null
}

/** The client that presents a credential. */
export interface Presenter
  extends Pick<ClientInfo, "address" | "knownAddress">,
    Partial<Pick<ClientInfo, "requestId" | "device">> {
  /** Must have resolved before a key may cost a bcrypt. If it rejects, there is no verdict. */
  readonly mayCompare?: Promise<unknown>
}

/** The origin of a change, as the audit trail records it. Without a request, it has no address. */
export type { Origin }
