/** A client's address, as far as it can be known. */
export interface KnownAddress {
  address: string | undefined
  /**
   * Whether it is only the address of the other end of the connection, which is a proxy if the request was forwarded.
   */
  isPeerAddress: boolean
}

/** The parts of a request that frameworks have in common. */
interface FrameworkRequest {
  ip?: unknown
  socket?: Peer | undefined
  rawHeaders?: readonly string[]
  /** The Node request of Fastify's. */
  raw?: { rawHeaders?: readonly string[] }
}

interface Peer {
  remoteAddress?: string | undefined
  server?: { maxHeadersCount?: number | null } | undefined
}

/**
 * The address of a request's client. Express and Fastify set `ip` by the host's own trust in proxies. Without that
 * trust, or without a framework, there is only the connection's address.
 */
export function addressOf(request: object): KnownAddress {
  const { ip, socket, raw, rawHeaders = raw?.rawHeaders } = request as FrameworkRequest
  const peer = socket?.remoteAddress
  if (rawHeaders && mayLackHeaders(rawHeaders, socket)) return { address: undefined, isPeerAddress: true }
  const address = typeof ip === "string" ? ip : peer
  return { address, isPeerAddress: address === peer }
}

/** Node's default for the names and values of a request. */
const MAX_RAW_HEADERS = 2_000

/**
 * Whether Node may have dropped headers, because a request has so many. A client can add enough for that of a proxy, with
 * the client's address, to be among the dropped.
 */
function mayLackHeaders(rawHeaders: readonly string[], socket: Peer | undefined): boolean {
  const { maxHeadersCount } = socket?.server ?? {}
  const max = typeof maxHeadersCount === "number" ? 2 * maxHeadersCount : MAX_RAW_HEADERS
  return max > 0 && rawHeaders.length >= max
}
