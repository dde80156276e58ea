import { expect, test } from "vitest"
import { z } from "zod"
import { procedureDescriptions } from "./callProcedure.ts"

/** As many wrong items as a body has room for. */
const HUGE = {
  "a list": Array.from({ length: 20_000 }, () => 0),
  "an object": Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`name${index}`, 0])),
}

const fields = procedureDescriptions.flatMap(({ path, input }) => {
  if (!input) return []
  const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" })
  return Object.keys(properties).map((field) => ({ path, field, input }))
})

test("there are fields to try", () => {
  expect(fields.length).toBeGreaterThan(50)
})

/** Thousands of issues would cost more than the rest of many calls, and their response would be many times as long. */
test.each(fields)("$field of $path has few issues, however many items it has", ({ field, input }) => {
  for (const value of Object.values(HUGE)) {
    const ofField = input.safeParse({ [field]: value }).error?.issues.filter(({ path }) => path[0] === field)
    expect(ofField?.length).toBeGreaterThan(0)
    expect(ofField?.length).toBeLessThanOrEqual(5)
  }
})
