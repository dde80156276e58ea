import { describe, expect, test } from "vitest"
import { createFormats } from "./formatTime.ts"

const formats = createFormats("en")
const at = (text: string) => new Date(text)
const NOON = at("2026-11-27T12:00:00")

describe("when something ends", () => {
  test.each([
    ["2026-11-27T23:00:00", "today, 11:00 PM"],
    ["2026-11-28T23:00:00", "tomorrow, 11:00 PM"],
    // 47 hours and 59 minutes later, but not tomorrow.
    ["2026-11-29T11:59:00", "Nov 29, 2026"],
    ["2028-11-26T12:00:00", "Nov 26, 2028"],
    ["2026-11-25T12:00:00", "Nov 25, 2026"],
  ])("%s is %s", (time, text) => {
    expect(formats.end(at(time), NOON.getTime())).toBe(text)
  })
})

describe("when something happened", () => {
  test.each([
    ["2026-11-27T11:59:30", "just now"],
    ["2026-11-27T11:57:00", "3 minutes ago"],
    ["2026-11-27T01:00:00", "11 hours ago"],
    ["2026-11-26T23:00:00", "yesterday"],
    ["2026-11-26T00:00:00", "yesterday"],
    ["2026-11-25T23:59:00", "2 days ago"],
    ["2026-11-20T12:00:00", "Nov 20, 2026"],
  ])("%s is %s", (time, text) => {
    expect(formats.past(at(time), NOON.getTime())).toBe(text)
  })

  test("shortly after midnight, hours are shown instead of the day before", () => {
    const now = at("2026-11-27T01:00:00").getTime()
    expect(formats.past(at("2026-11-26T23:00:00"), now)).toBe("2 hours ago")
  })
})

test("other languages have their own words", () => {
  const german = createFormats("de")
  expect(german.end(at("2026-11-28T23:00:00"), NOON.getTime())).toBe("morgen, 23:00")
  expect(german.wait(91)).toBe("2 Minuten")
  expect(german.number(12_345)).toBe("12.345")
})
