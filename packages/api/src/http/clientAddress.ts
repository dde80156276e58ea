import { isIP } from "node:net"

/**
 * The address a request came from. Each trusted proxy appends to `X-Forwarded-For` whom it heard from, so with
 * n of them the client is the nth entry from the right; what stands left of it is the client's own claim. Where that
 * entry is no address, it is the proxy's that counts: clients that can't be told apart are one.
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

/** Some proxies write the port as well, which is another with every connection, and IPv6 in brackets then. */
function readHop(hop: string): string | undefined {
  const text = hop.trim()
  const host = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? (isIP(text) ? text : text.replace(/:\d+$/, ""))
  return isIP(host) ? host : undefined
}
