import { expect, test } from "vitest"
import { withoutSecrets } from "./withoutSecrets.ts"

const key = "0123456789abcdef".repeat(4)

test.each([
  [key, "0123456789abcdef"],
  [`tw_${key}01234567`, "tw_0123456789abcdef"],
  [`Bearer ${key}`, "Bearer 0123456789abcdef"],
  [key.toUpperCase(), "0123456789ABCDEF"],
  [`key ${key} of the backup`, "key 0123456789abcdef"],
  ["sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC3"],
  ["re_8QvXbq2c_LmZr3TkS9WnP5aYdHfJ7uEo1", "re_8QvXbq2c_LmZr"],
  ["0123456789abcdef", "0123456789abcdef"],
  ["nightly backup", "nightly backup"],
  ["nightly-backup-2026-11-26-production", "nightly-backup-2026-11-26-production"],
  ["internationalization", "internationalization"],
  ["a3bb189e-8bf9-4f3c-9c3c-0123456789ab", "a3bb189e-8bf9-4f3c-9c3c-0123456789ab"],
])("of %j, a search uses %j", (term, used) => {
  expect(withoutSecrets(term)).toBe(used)
})
