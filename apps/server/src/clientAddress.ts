import { isIP } from "node:net"

/**
 * The address a request came from. Each trusted proxy appends to `X-Forwarded-For` whom it heard from, so with
 * n of them the client is the nth entry from the right; what stands left of it is the client's own claim.
 * What is no address is not repeated: it is kept in the log and the audit trail, and could be anything.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string | undefined {
  if (trustedProxies === 0 || forwardedFor === undefined) return socketAddress
  const hops = forwardedFor.split(",").map((hop) => hop.trim())
  const hop = hops.at(-Math.min(trustedProxies, hops.length))
  return hop !== undefined && isIP(hop) !== 0 ? hop : socketAddress
}
