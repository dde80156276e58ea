import { expect, test } from "vitest"
import { endLargest, type Held } from "./endLargest.ts"

/** Exchanges that hold `bytes` each, one from each address, and the addresses whose exchange was ended. */
function exchanges(addresses: readonly string[], bytes: number) {
  const ended: string[] = []
  const held = addresses.map(
    (remoteAddress): Held => ({ socket: { remoteAddress }, bytes, end: () => ended.push(remoteAddress) }),
  )
  return { held, ended }
}

const numbered = (count: number, address: (number: string) => string) =>
  Array.from({ length: count }, (_, index) => address(index.toString(16)))

test.each<[string, (number: string) => string]>([
  ["an IPv6 network", (number) => `2001:db8:2::${number}`],
  ["a site with many IPv6 networks", (number) => `2001:db8:2:${number}::1`],
])("%s does not end the exchanges of others", (_, address) => {
  const other = exchanges(["2001:db8:1::1", "192.0.2.1", "::ffff:192.0.2.2"], 60)
  const network = exchanges(numbered(400, address), 15)
  endLargest([...other.held, ...network.held], 1_000)
  expect(other.ended).toEqual([])
  expect(network.ended).toHaveLength(400 - Math.floor((1_000 - 3 * 60) / 15))
})

test("each of several clients keeps its share", () => {
  const small = exchanges(["192.0.2.1"], 60)
  const large = exchanges(
    numbered(10, (number) => `2001:db8:${number}::1`),
    500,
  )
  endLargest([...large.held, ...small.held], 2_000)
  expect(small.ended).toEqual([])
  expect(large.ended).toHaveLength(7)
})

test("nothing ends while all fits, and nothing that holds nothing", () => {
  const idle = exchanges(
    numbered(100, (number) => `2001:db8::${number}`),
    0,
  )
  const busy = exchanges(["2001:db8::1"], 100)
  endLargest([...idle.held, ...busy.held], 100)
  expect(busy.ended).toEqual([])
  endLargest([...idle.held, ...busy.held], 99)
  expect(busy.ended).toEqual(["2001:db8::1"])
  expect(idle.ended).toEqual([])
})
