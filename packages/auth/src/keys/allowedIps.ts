import { isIP } from "node:net"
import ipaddr from "ipaddr.js"
import { AuthError } from "../errors.ts"

/**
 * CIDR blocks in canonical form, without duplicates. A single address is a block of one. IPv4-mapped IPv6 addresses
 * (RFC 4291, section 2.5.5.2) count as IPv4.
 *
 * @throws {AuthError} `INVALID_INPUT` for anything else, for host bits that are set, and for an IPv4-mapped block
 *   wider than /96.
 */
export const readAllowedIps = (texts: readonly string[]): string[] => [...new Set(texts.map(readBlock))]

function readBlock(text: string): string {
  const [, host = "", length] = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  // The parser alone would also accept addresses such as 0x7f.1.
  if (isIP(host) === 0) throw invalid("must be IP addresses or CIDR blocks, such as 198.51.100.0/24")
  const address = ipaddr.parse(host)
  const bits = address.kind() === "ipv4" ? 32 : 128
  const prefix = length === undefined ? bits : Number(length)
  if (prefix > bits) throw invalid(`must have at most ${bits} bits in the block of such an address`)
  if (hasHostBits(address.toByteArray(), prefix)) {
    throw invalid("must have no bits set after the length of the block, as in 198.51.100.0/24")
  }
  if (!(address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress())) return `${address}/${prefix}`
  if (prefix < 96) throw invalid("must not have blocks of mapped addresses wider than /96")
  return `${address.toIPv4Address()}/${prefix - 96}`
}

const hasHostBits = (bytes: readonly number[], prefix: number) =>
  bytes.some((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefix - 8 * index))
    return (byte & (0xff >> kept)) !== 0
  })

const invalid = (problem: string) =>
  new AuthError("INVALID_INPUT", `allowedIps ${problem}`, { field: "allowedIps" })
