import type { Standing } from "./limits/rateLimitStatus.ts"

/** Where a call comes from. */
export interface Source {
  /** The client's IP address, as far as the proxies in front are trusted. */
  address: string
  requestId: string
  /** What is calling, in words of ours, such as "Chrome on Linux"; null when it did not say. */
  device: string | null
  /** Told how far a limit that the call counts towards is used up; of several limits each. */
  onStanding?: (standing: Standing) => void
}
