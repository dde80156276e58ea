import ipaddr from "ipaddr.js"

/** IPv4 clients of a server behind a translator (RFC 6052, section 2.1; RFC 7755). All of them would be one IPv6 /64. */
const TRANSLATED = ipaddr.IPv6.parseCIDR("64:ff9b::/96")

const PART_BITS = 16

function blockOf(address: string, length: 48 | 64): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  if (parsed.match(TRANSLATED)) return new ipaddr.IPv4(parsed.toByteArray().slice(12)).toString()
  return `${parsed.parts
    .slice(0, length / PART_BITS)
    .map((part) => part.toString(16))
    .join(":")}::/${length}`
}

/**
 * The addresses that count as one client: a single IPv4 address, even if it is mapped or translated into IPv6, or an IPv6
 * /64, the smallest block that a site is assigned (RFC 6177). Any other text is returned unchanged.
 */
export const addressBlock = (address: string): string => blockOf(address, 64)

/**
 * The same, but with an IPv6 /48, the largest block that a site is assigned. It has 65,536 blocks of /64, so where clients
 * share something, a stranger could leave all others a share of nothing.
 */
export const siteBlock = (address: string): string => blockOf(address, 48)
