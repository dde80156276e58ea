import ipaddr from "ipaddr.js"

/**
 * Whom an address stands for when counting: an IPv4 address by itself, also one mapped into IPv6; of IPv6 the /64,
 * which is the least that anybody is given (RFC 6177). What is no address stands for itself.
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
