import { isIP } from "node:net"
import ipaddr from "ipaddr.js"
import { LRUCache } from "lru-cache"

/** The number of lists, and of addresses, that stay parsed: parsing an address costs as much as verifying a key. */
const MAX_PARSED = 1_000

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Tells whether an address is in one of some CIDR blocks, as `readAllowedIps` returns them. IPv4-mapped IPv6
 * addresses count as IPv4. False for any other text.
 *
 * Not `net.BlockList`, which also finds IPv4 addresses in blocks of IPv6 such as `::/1` and takes microseconds.
 */
export function createAddressMatcher(): (address: string, blocks: readonly string[]) => boolean {
  const parseBlocks = memoize((joined) => joined.split(" ").map((block) => ipaddr.parseCIDR(block)))
  const parseAddress = memoize(readAddress)

  return (text, blocks) => {
    const address = parseAddress(text)
    if (!address) return false
    return parseBlocks(blocks.join(" ")).some(
      ([block, length]) => block.kind() === address.kind() && address.match(block, length),
    )
  }
}

/** Null for any other text. Systems add the zone to link-local addresses. */
function readAddress(text: string): Address | null {
  const [host = ""] = text.split("%", 1)
  return isIP(host) === 0 ? null : ipaddr.process(host)
}

function memoize<Value>(parse: (text: string) => Value): (text: string) => Value {
  const known = new LRUCache<string, { value: Value }>({ max: MAX_PARSED })
  return (text) => {
    const found = known.get(text)
    if (found) return found.value
    const value = parse(text)
    known.set(text, { value })
    return value
  }
}
