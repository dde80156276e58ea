import { isIP } from "node:net"

/**
 * The client's address. Each trusted proxy appends the address of its peer to `X-Forwarded-For`, so behind n proxies the
 * client is the nth entry from the right; the client itself may have sent the entries before it. If that entry is not an
 * address, the result is the socket's, so clients that can't be distinguished count as one.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string | undefined {
  if (trustedProxies === 0 || forwardedFor === undefined) return socketAddress
  const hops = forwardedFor.split(",")
  return readHop(hops.at(-Math.min(trustedProxies, hops.length)) ?? "") ?? socketAddress
}

/**
 * The client's address, if it is certain. It is not certain if an untrusted proxy has forwarded the request, or if
 * fewer proxies have forwarded it than are trusted.
 *
 * @param trustedProxies undefined if `socketAddress` is the client's already.
 */
export function knownClientAddress(
  socketAddress: string | undefined,
  headers: Pick<Headers, "get">,
  trustedProxies: number | undefined,
): string | null {
  if (trustedProxies === undefined) return socketAddress ?? null
  if (trustedProxies === 0) return isForwarded(headers) ? null : (socketAddress ?? null)
  const hops = headers.get("x-forwarded-for")?.split(",") ?? []
  return readHop(hops.at(-trustedProxies) ?? "") ?? null
}

/**
 * How many proxies are trusted if the host passes the address: none if it is only the address of a connection, which
 * may come from a proxy.
 */
export const trustOfHost = (isPeerAddress = false): 0 | undefined => (isPeerAddress ? 0 : undefined)

const isForwarded = (headers: Pick<Headers, "get">) =>
  ["x-forwarded-for", "forwarded", "x-real-ip"].some((name) => headers.get(name) !== null)

/** Some proxies append the port, which differs for every connection, and then put IPv6 addresses in brackets. */
function readHop(hop: string): string | undefined {
  const text = hop.trim()
  const host = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? (isIP(text) ? text : text.replace(/:\d+$/, ""))
  return isIP(host) ? host : undefined
}
