import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { INITIAL_VIEW, readView, withoutSecrets, writeView } from "./view.ts"

test("a view survives a URL, and the initial one needs no query", () => {
  const view = { tab: "unused", search: "ci & cd", sort: "created", page: 3, apiKeyId: "k 1" } as const
  expect(readView(writeView(view))).toEqual(view)
  expect(writeView(INITIAL_VIEW)).toBe("")
  expect(readView("")).toEqual(INITIAL_VIEW)
})

test("invalid values in a URL are replaced by those of the initial view", () => {
  expect(readView("?tab=mine&sort=label&page=-2&other=1")).toEqual(INITIAL_VIEW)
  expect(readView("?page=1e99")).toEqual(INITIAL_VIEW)
})

const hex = (characters: number) => randomBytes(characters / 2).toString("hex")

test.each([
  ["a key", `${"1".repeat(8)}${hex(56)}`, "11111111"],
  ["a key with a prefix", `acme_${"2".repeat(8)}${hex(64)}`, "acme_22222222"],
  ["an imported key", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC39HqL"],
  ["a key in a sentence", `is ${"3".repeat(8)}${hex(56)} mine`, "is 33333333 mine"],
])("%s that is searched for is cut to its start", (_, search, start) => {
  expect(withoutSecrets(search)).toBe(start)
  expect(readView(new URLSearchParams({ q: search })).search).toBe(start)
})

test.each(["nightly import", "acme_1a2b3c4d", "a-rather-long-label-of-2026", "internationalization"])(
  "%s is no secret",
  (search) => expect(withoutSecrets(search)).toBe(search),
)
