import { expect, test } from "vitest"
import { inDays, NOW, newKey } from "../../test/newKey.ts"
import { endOf, findProblems, NEW_SETTINGS, settingsOf, toChange, toInput } from "./settings.ts"

const settings = { ...NEW_SETTINGS, label: " nightly import " }

test("a key needs only a label", () => {
  expect(findProblems(settings, NOW)).toEqual([])
  expect(toInput(settings, NOW)).toEqual({
    label: "nightly import",
    expiresAt: null,
    scopes: null,
    allowedIps: null,
    rateLimit: null,
  })
})

test("a key expires a number of days from now, or at the end of a day in the user's time zone", () => {
  expect(endOf({ ...settings, expiry: "30" }, NOW)).toEqual(inDays(30))
  const end = endOf({ ...settings, expiry: "date", date: "2026-12-24" }, NOW)
  expect(end).toEqual(new Date(2026, 11, 24, 23, 59, 59, 999))
})

test("fields that the server would refuse are detected before sending", () => {
  const wrong = {
    ...settings,
    label: " ",
    expiry: "date",
    date: "2026-11-01",
    scopes: [],
    calls: "1.5",
  } as const
  expect(findProblems(wrong, NOW)).toEqual(["label", "date", "scopes", "calls"])
  expect(findProblems({ ...settings, expiry: "date", date: "" }, NOW)).toEqual(["date"])
})

test("addresses are separated by lines, spaces or commas, and a limit is a number of calls", () => {
  const input = toInput(
    { ...settings, addresses: "192.0.2.1\n 2001:db8::/32, 10.0.0.0/8\n", calls: " 600 " },
    NOW,
  )
  expect(input.allowedIps).toEqual(["192.0.2.1", "2001:db8::/32", "10.0.0.0/8"])
  expect(input.rateLimit).toEqual({ limit: 600, window: 60 })
})

test("an edit sends only changed settings, so that it does not conflict with locked ones", () => {
  const apiKey = newKey({
    expiresAt: inDays(9),
    scopes: ["reports:read"],
    allowedIps: ["192.0.2.1/32"],
    rateLimit: { limit: 5, window: 90 },
  })
  const before = settingsOf(apiKey)
  expect(toChange(before, apiKey, NOW)).toEqual({})
  expect(toChange({ ...before, label: "new" }, apiKey, NOW)).toEqual({ label: "new" })
  expect(toChange({ ...before, expiry: "never", scopes: null }, apiKey, NOW)).toEqual({
    expiresAt: null,
    scopes: null,
  })
  expect(toChange({ ...before, addresses: "", calls: "" }, apiKey, NOW)).toEqual({
    allowedIps: null,
    rateLimit: null,
  })
  const endless = newKey()
  expect(toChange(settingsOf(endless), endless, NOW)).toEqual({})
})
