import superjson from "superjson"
import { expect, test } from "vitest"
import { transformer } from "./transformer.ts"

const withDates = (count: number) => superjson.serialize(Array.from({ length: count }, () => new Date(0)))

test("an input has at most 50 annotations, because each costs a walk through it", () => {
  expect(transformer.input.deserialize(withDates(50))).toHaveLength(50)
  expect(() => transformer.input.deserialize(withDates(51))).toThrow(TypeError)
})
