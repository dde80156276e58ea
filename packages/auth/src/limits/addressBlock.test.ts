import { expect, test } from "vitest"
import { addressBlock, siteBlock } from "./addressBlock.ts"

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::ffff:c000:207", "192.0.2.7"],
  ["64:ff9b::192.0.2.7", "192.0.2.7"],
  ["64:FF9B:0:0:0:0:C000:207", "192.0.2.7"],
  ["64:ff9b::c000:207%eth0", "192.0.2.7"],
  ["64:ff9b:1::c000:207", "64:ff9b:1:0::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["unknown", "unknown"],
])("%s counts as %s", (address, block) => {
  expect(addressBlock(address)).toBe(block)
})

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["64:ff9b::192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
  ["2001:db8:1:3::9", "2001:db8:1::/48"],
  ["unknown", "unknown"],
])("%s is of the site %s", (address, site) => {
  expect(siteBlock(address)).toBe(site)
})
