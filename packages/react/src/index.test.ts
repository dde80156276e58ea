import { expect, test } from "vitest"
import * as react from "./index.ts"

test("the package exports only its public API", () => {
  expect(Object.keys(react).sort()).toMatchInlineSnapshot(`
    [
      "ApiKeys",
      "english",
      "readView",
      "useApiKeys",
      "writeView",
    ]
  `)
})
