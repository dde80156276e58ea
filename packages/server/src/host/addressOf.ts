/** A client's address, as far as it can be known. */
export interface KnownAddress {
  address: string | undefined
  /**
   * Whether it is only the address of the other end of the connection, which is a proxy if the request was forwarded.
   */
  isPeerAddress: boolean
}

/**
 * The address of a request's client. Express and Fastify set `ip` by the host's own trust in proxies. Without that
 * trust, or without a framework, there is only the connection's address.
 */
export function addressOf(request: object): KnownAddress {
  const { ip, socket } = request as { ip?: unknown; socket?: { remoteAddress?: string | undefined } }
  const peer = socket?.remoteAddress
  const address = typeof ip === "string" ? ip : peer
  return { address, isPeerAddress: address === peer }
}
