import ipaddr from "ipaddr.js"

/**
 * The addresses that count as one client: a single IPv4 address, even if it is mapped into IPv6, or an IPv6 /64, the
 * smallest block that a site is assigned (RFC 6177). Any other text is returned unchanged.
 */
export function addressBlock(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`
}
