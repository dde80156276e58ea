import { describe, expect, test } from "vitest"
import { inDays, NOW, newKey } from "../../test/newKey.ts"
import { selectKeys } from "./selectKeys.ts"
import { type ApiKeysView, INITIAL_VIEW } from "./view.ts"

const labels = (keys: ReturnType<typeof newKey>[], view: Partial<ApiKeysView> = {}) =>
  selectKeys(keys, { ...INITIAL_VIEW, ...view }, NOW).items.map(({ label }) => label)

describe("tabs", () => {
  const keys = [
    newKey({ label: "plain" }),
    newKey({ label: "soon", expiresAt: inDays(7) }),
    newKey({ label: "later", expiresAt: inDays(7.01) }),
    newKey({ label: "idle", createdAt: inDays(-90), lastUsedAt: inDays(-30) }),
    newKey({ label: "never used", createdAt: inDays(-30) }),
    newKey({ label: "disabled", disabled: true }),
    newKey({ label: "expired", expiresAt: inDays(0) }),
    newKey({ label: "revoked", revokedAt: inDays(-2) }),
  ]

  test("contain the right keys, and show how many there are", () => {
    expect(labels(keys).sort()).toEqual(["disabled", "idle", "later", "never used", "plain", "soon"])
    expect(labels(keys, { tab: "expiring" })).toEqual(["soon"])
    expect(labels(keys, { tab: "unused" })).toEqual(["idle", "never used"])
    expect(labels(keys, { tab: "ended" })).toEqual(["expired", "revoked"])
    expect(selectKeys(keys, { ...INITIAL_VIEW, search: "plain" }, NOW).counts).toEqual({
      active: 6,
      expiring: 1,
      unused: 2,
      ended: 2,
    })
  })
})

describe("order", () => {
  test("is by last use, with keys that were never used at the end, or by creation", () => {
    const keys = [
      newKey({ label: "a", createdAt: inDays(-9), lastUsedAt: inDays(-1) }),
      newKey({ label: "b", createdAt: inDays(-8) }),
      newKey({ label: "c", createdAt: inDays(-7), lastUsedAt: inDays(-2) }),
      newKey({ label: "d", createdAt: inDays(-6) }),
    ]
    expect(labels(keys)).toEqual(["a", "c", "d", "b"])
    expect(labels(keys, { sort: "created" })).toEqual(["d", "c", "b", "a"])
  })

  test("a key that is being replaced follows the one that replaces it", () => {
    const before = newKey({ label: "before", lastUsedAt: inDays(-0.1), expiresAt: inDays(1) })
    const after = newKey({ label: "after", createdAt: inDays(-0.01), replaces: before.id })
    before.replacedBy = after.id
    const other = newKey({ label: "other", lastUsedAt: inDays(-0.5) })

    expect(labels([other, before, after])).toEqual(["after", "before", "other"])
    expect(labels([other, before, after], { search: "before" })).toEqual(["before"])
    expect(selectKeys([before, after], INITIAL_VIEW, NOW + 2 * 86_400_000).items).toEqual([after])
  })
})

test("a search finds parts of labels and starts of keys, whatever the case", () => {
  const keys = [newKey({ label: "Nightly Import", start: "acme_aaaa1111" }), newKey({ label: "CI" })]
  expect(labels(keys, { search: " nightly " })).toEqual(["Nightly Import"])
  expect(labels(keys, { search: "ACME_aa" })).toEqual(["Nightly Import"])
  expect(labels(keys, { search: "acme_aaaa1111bbbb" })).toEqual(["Nightly Import"])
  expect(labels(keys, { search: "import ci" })).toEqual([])
})

describe("pages", () => {
  const keys = Array.from({ length: 31 }, (_, index) => newKey({ createdAt: inDays(-index) }))

  test("have 20 keys", () => {
    expect(selectKeys(keys, INITIAL_VIEW, NOW)).toMatchObject({ from: 1, to: 20, total: 31, page: 1 })
    expect(selectKeys(keys, { ...INITIAL_VIEW, page: 2 }, NOW)).toMatchObject({ from: 21, to: 31, page: 2 })
  })

  test("if a page does not exist any more, the last page is shown", () => {
    expect(selectKeys(keys, { ...INITIAL_VIEW, page: 9 }, NOW)).toMatchObject({ from: 21, page: 2 })
    expect(selectKeys([], { ...INITIAL_VIEW, page: 9 }, NOW)).toMatchObject({ from: 0, to: 0, page: 1 })
  })
})
