import { expect, test } from "vitest"
import { createRenewals } from "./receiptRenewals.ts"

test("each key's receipt may be renewed once in ten minutes", () => {
  let minutes = 1
  const renewals = createRenewals(() => minutes * 60_000)
  expect(renewals.consume("one")).toBe(true)
  minutes = 10
  expect(renewals.consume("one")).toBe(false)
  expect(renewals.consume("other")).toBe(true)
  minutes = 12
  expect(renewals.consume("one")).toBe(true)
  expect(renewals.consume("one")).toBe(false)
})
