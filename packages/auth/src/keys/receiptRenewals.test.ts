import { expect, test } from "vitest"
import { createRenewals } from "./receiptRenewals.ts"

test("a key's receipt may be renewed once in ten minutes, whatever becomes of others", () => {
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
