/** The origin of a call, as the audit trail records it. */
export interface ClientInfo {
  /** The client's IP address, as far as the proxies in front are trusted; null for changes without a request. */
  address: string | null
  requestId: string
  /** A description of the client such as "Chrome on Linux"; null if unknown. */
  device: string | null
  /** Called when a change has been committed and only waits for leases, which takes no connection. */
  onLeaseWait?: (() => void) | undefined
}
