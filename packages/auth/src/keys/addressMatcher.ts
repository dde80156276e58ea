import { isIP } from "node:net"
import ipaddr from "ipaddr.js"
import { LRUCache } from "lru-cache"

/** The number of lists that stay parsed. */
const MAX_LISTS = 1_000

type Block = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, length: number]

/**
 * Tells whether an address is in one of some CIDR blocks, as `readAllowedIps` returns them. IPv4 addresses that are mapped
 * into IPv6 are what they stand for. False for any other text.
 *
 * Not `net.BlockList`, which also finds IPv4 addresses in blocks of IPv6 such as `::/1` and takes microseconds.
 */
export function createAddressMatcher(): (address: string, blocks: readonly string[]) => boolean {
  const lists = new LRUCache<string, readonly Block[]>({ max: MAX_LISTS })

  function parsed(blocks: readonly string[]): readonly Block[] {
    const name = blocks.join(" ")
    const known = lists.get(name)
    if (known) return known
    const list = blocks.map((block) => ipaddr.parseCIDR(block))
    lists.set(name, list)
    return list
  }

  return (text, blocks) => {
    const [host = ""] = text.split("%", 1)
    if (isIP(host) === 0) return false
    const address = ipaddr.process(host)
    return parsed(blocks).some(
      ([block, length]) => block.kind() === address.kind() && address.match(block, length),
    )
  }
}
