import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { readAllowedIps } from "./allowedIps.ts"
import { createAddressMatcher } from "./verifying/addressMatcher.ts"

describe("lists of addresses", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7/32"],
    ["203.0.113.0/24", "203.0.113.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["2001:db8:0:0::1", "2001:db8::1/128"],
    ["::/0", "::/0"],
    ["::ffff:203.0.113.7", "203.0.113.7/32"],
    ["::ffff:203.0.113.0/120", "203.0.113.0/24"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
  ])("%s is stored as %s", (text, stored) => {
    expect(readAllowedIps([text])).toEqual([stored])
  })

  test("a block that is named twice is stored once", () => {
    expect(readAllowedIps(["192.0.2.1", "192.0.2.1/32", "::ffff:192.0.2.1"])).toEqual(["192.0.2.1/32"])
  })

  test.each([
    ["a host bit", "203.0.113.1/24"],
    ["a host bit of IPv6", "2001:db8::1/64"],
    ["a mapped block wider than /96", "::ffff:0:0/95"],
    ["a mapped address in a block wider than /96", "::ffff:192.0.2.0/80"],
    ["a prefix that is too long", "203.0.113.0/33"],
    ["a prefix that is too long for IPv6", "2001:db8::/129"],
    ["a prefix with a leading zero", "203.0.113.0/024"],
    ["an empty prefix", "203.0.113.0/"],
    ["a mask", "203.0.113.0/255.255.255.0"],
    ["a negative prefix", "203.0.113.0/-1"],
    ["an address with a zone", "fe80::1%eth0"],
    ["a hexadecimal number", "0xcb007107"],
    ["an octal number", "0313.0.0161.07"],
    ["a short form", "127.1"],
    ["a name", "localhost"],
    ["a range", "203.0.113.1-203.0.113.9"],
    ["whitespace", " 203.0.113.1"],
    ["nothing", ""],
  ])("%s is refused, with the name of the field and without the value", (_, text) => {
    let refusal: unknown
    try {
      readAllowedIps(["192.0.2.1", text])
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ reason: "INVALID_INPUT", field: "allowedIps" })
    if (text.length > 5) expect((refusal as Error).message).not.toContain(text)
  })
})

describe("an address", () => {
  const isInBlocks = createAddressMatcher()

  test.each([
    ["203.0.113.7", "203.0.113.0/24", true],
    ["203.0.114.7", "203.0.113.0/24", false],
    ["::ffff:203.0.113.7", "203.0.113.0/24", true],
    ["::ffff:cb00:7107", "203.0.113.0/24", true],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["fe80::1%eth0", "fe80::/10", true],
    ["198.51.100.1", "::/0", false],
    ["::ffff:198.51.100.1", "::/0", false],
    ["2001:db8::1", "0.0.0.0/0", false],
    ["198.51.100.1", "0.0.0.0/0", true],
    ["unknown", "0.0.0.0/0", false],
    ["", "0.0.0.0/0", false],
    ["0xcb007107", "0.0.0.0/0", false],
  ])("%j is in %s: %j", (address, block, isIn) => {
    expect(isInBlocks(address, [block])).toBe(isIn)
    expect(isInBlocks(address, ["192.0.2.0/30", block])).toBe(isIn)
  })

  test("is in a block exactly if it agrees with it in the leading bits", () => {
    const block = fc.record({ bits: fc.bigInt(0n, 2n ** 32n - 1n), length: fc.integer({ min: 0, max: 32 }) })
    fc.assert(
      fc.property(block, fc.bigInt(0n, 2n ** 32n - 1n), fc.boolean(), ({ bits, length }, other, isNear) => {
        const shift = BigInt(32 - length)
        const network = (bits >> shift) << shift
        const address = isNear ? network | (other & ((1n << shift) - 1n)) : other
        const [stored = ""] = readAllowedIps([`${toIpv4(network)}/${length}`])
        expect(isInBlocks(toIpv4(address), [stored])).toBe(address >> shift === network >> shift)
      }),
    )
  })
})

const toIpv4 = (bits: bigint) => [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".")
